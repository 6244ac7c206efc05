import type { VoiceNote } from "@/features/composer/draft";
import { texts } from "@/texts";

/** Longer is a talk, not a note; at this quality it has about 8 MB, half of what WhatsApp takes. */
export const RECORDING_MAX_MS = 30 * 60_000;
const BITS_PER_SECOND = 32_000;
/** How often the level is measured. */
const TICK_MS = 100;
/** Levels that are shown, the newest last. */
export const LEVELS = 40;

export type RecorderState =
  | { kind: "idle" }
  | { kind: "asking" }
  | { kind: "recording"; elapsedMs: number; levels: readonly number[] }
  | { kind: "refused"; reason: string };

const IDLE: RecorderState = { kind: "idle" };

/** The best that browsers make. WhatsApp's own form, Ogg with Opus, is first; the server makes it of the others. */
const TYPES = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"];
const ENDINGS: Partial<Record<string, string>> = {
  "audio/ogg": "ogg",
  "audio/webm": "webm",
  "audio/mp4": "m4a",
};

type Running = {
  recorder: MediaRecorder;
  stream: MediaStream;
  audio: AudioContext;
  timer: ReturnType<typeof setInterval>;
  startedAt: number;
  /** Nobody wants what comes of it. */
  cancelled: boolean;
};

/** Records one voice note at a time. A store for `useSyncExternalStore`; what was recorded goes to `onDone`. */
export class Recorder {
  readonly #onDone: (note: VoiceNote, tooLong: boolean) => void;
  readonly #listeners = new Set<() => void>();
  #state: RecorderState = IDLE;
  #running: Running | null = null;
  /** Tells a permission that comes too late from the one that is waited for. */
  #asked = 0;

  constructor(onDone: (note: VoiceNote, tooLong: boolean) => void) {
    this.#onDone = onDone;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      // Who leaves keeps what was recorded so far.
      if (this.#listeners.size === 0) this.stop();
    };
  };

  readonly state = (): RecorderState => this.#state;

  async start(): Promise<void> {
    if (this.#running !== null || this.#state.kind === "asking") return;
    if (!navigator.mediaDevices || typeof MediaRecorder === "undefined") {
      return this.#set({ kind: "refused", reason: texts.voice.unsupported });
    }
    this.#asked += 1;
    const mine = this.#asked;
    this.#set({ kind: "asking" });
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
      if (mine === this.#asked) this.#record(stream);
      else release(stream);
    } catch (error) {
      if (mine === this.#asked) this.#set({ kind: "refused", reason: reasonOf(error) });
    }
  }

  /** Ends the recording; what there is of it goes to `onDone`. */
  stop(): void {
    if (this.#running === null) this.cancel();
    else if (this.#running.recorder.state !== "inactive") this.#running.recorder.stop();
  }

  /** Ends whatever is going on, and keeps nothing of it. */
  cancel(): void {
    this.#asked += 1;
    if (this.#running === null) {
      this.#set(IDLE);
      return;
    }
    this.#running.cancelled = true;
    this.stop();
  }

  #record(stream: MediaStream): void {
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    const recorder = new MediaRecorder(stream, {
      audioBitsPerSecond: BITS_PER_SECOND,
      ...(mimeType ? { mimeType } : {}),
    });
    const audio = new AudioContext();
    const analyser = audio.createAnalyser();
    audio.createMediaStreamSource(stream).connect(analyser);
    const samples = new Uint8Array(analyser.fftSize);
    const levels: number[] = [];
    const startedAt = performance.now();
    const tick = () => {
      analyser.getByteTimeDomainData(samples);
      levels.push(loudness(samples));
      if (levels.length > LEVELS) levels.shift();
      const elapsedMs = performance.now() - startedAt;
      this.#set({ kind: "recording", elapsedMs, levels: [...levels] });
      if (elapsedMs >= RECORDING_MAX_MS) this.stop();
    };
    const running = {
      recorder,
      stream,
      audio,
      timer: setInterval(tick, TICK_MS),
      startedAt,
      cancelled: false,
    };
    this.#running = running;
    const parts: Blob[] = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    recorder.onstop = () => this.#finish(running, parts);
    // In pieces, so that a browser need not hold half an hour of sound as it comes.
    recorder.start(1_000);
    this.#set({ kind: "recording", elapsedMs: 0, levels: [] });
  }

  #finish(running: Running, parts: Blob[]): void {
    const { recorder, stream, audio, timer, startedAt, cancelled } = running;
    clearInterval(timer);
    release(stream);
    void audio.close();
    this.#running = null;
    this.#set(IDLE);
    const durationMs = Math.round(performance.now() - startedAt);
    const type = recorder.mimeType.split(";")[0] || (parts[0]?.type.split(";")[0] ?? "");
    const file = new File(parts, `${texts.voice.fileName}.${ENDINGS[type] ?? "bin"}`, { type });
    if (cancelled || file.size === 0) return;
    this.#onDone({ file, url: URL.createObjectURL(file), durationMs }, durationMs >= RECORDING_MAX_MS);
  }

  #set(state: RecorderState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

/** The microphone's light goes out. */
function release(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** From 0 to 1, by the greatest swing; speech seldom fills the half of it. */
function loudness(samples: Uint8Array): number {
  let most = 0;
  for (const sample of samples) most = Math.max(most, Math.abs(sample - 128));
  return Math.min(1, (most / 128) * 2);
}

function reasonOf(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return texts.voice.denied;
  if (name === "NotFoundError") return texts.voice.noMicrophone;
  if (name === "NotReadableError") return texts.voice.busy;
  return texts.voice.unsupported;
}
