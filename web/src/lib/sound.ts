import { recall, remember } from "@mediary/media/lib/storage";

const KEY = "mediary.sound";

/** Two notes, each this long: short enough for a desk among others. */
const NOTES_HZ = [880, 1174.7];
const NOTE_S = 0.12;
const LOUDNESS = 0.08;

/** Whether this browser's user wants to hear that something comes in. Nobody who has not asked for it does. */
export function wantsSound(): boolean {
  return recall(KEY) === "on";
}

export function chooseSound(on: boolean): void {
  remember(KEY, on ? "on" : null);
}

/** A soft signal. A browser that has seen no click of this page yet keeps it silent. */
export function ring(): void {
  if (!("AudioContext" in globalThis)) return;
  const context = new AudioContext();
  const volume = new GainNode(context, { gain: LOUDNESS });
  volume.connect(context.destination);
  NOTES_HZ.forEach((frequency, at) => {
    const note = new OscillatorNode(context, { frequency });
    note.connect(volume);
    note.start(context.currentTime + at * NOTE_S);
    note.stop(context.currentTime + (at + 1) * NOTE_S);
    if (at === NOTES_HZ.length - 1) note.onended = () => void context.close();
  });
}
