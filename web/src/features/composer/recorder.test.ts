import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { VoiceNote } from "@/features/composer/draft";
import { RECORDING_MAX_MS, Recorder } from "@/features/composer/recorder";

class FakeRecorder {
  static isTypeSupported = (type: string) => type.startsWith("audio/webm");
  state = "inactive";
  mimeType = "audio/webm;codecs=opus";
  ondataavailable: (event: { data: Blob }) => void = () => {};
  onstop: () => void = () => {};
  start() {
    this.state = "recording";
  }
  stop() {
    this.state = "inactive";
    this.ondataavailable({ data: new Blob(["sound"]) });
    this.onstop();
  }
}

class FakeAudioContext {
  createAnalyser() {
    return { fftSize: 4, getByteTimeDomainData: (samples: Uint8Array) => samples.fill(128 + 32) };
  }
  createMediaStreamSource() {
    return { connect: () => {} };
  }
  close() {
    return Promise.resolve();
  }
}

const track = { stop: vi.fn() };
let permission: () => Promise<unknown>;
let notes: [VoiceNote, boolean][];
let recorder: Recorder;

beforeEach(() => {
  vi.useFakeTimers();
  track.stop.mockReset();
  permission = () => Promise.resolve({ getTracks: () => [track] });
  notes = [];
  recorder = new Recorder((note, tooLong) => notes.push([note, tooLong]));
  vi.stubGlobal("MediaRecorder", FakeRecorder);
  vi.stubGlobal("AudioContext", FakeAudioContext);
  vi.stubGlobal("navigator", { ...navigator, mediaDevices: { getUserMedia: () => permission() } });
  vi.spyOn(URL, "createObjectURL").mockImplementation(() => "blob:note");
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("a recording tells how loud and how long it is, and ends as a file", async () => {
  await recorder.start();
  await vi.advanceTimersByTimeAsync(2_500);
  const state = recorder.state();
  if (state.kind !== "recording") throw new Error("it does not record");
  expect(Math.round(state.elapsedMs / 100)).toBe(25);
  expect(state.levels.at(-1)).toBe(0.5);
  recorder.stop();
  expect(recorder.state().kind).toBe("idle");
  expect(track.stop).toHaveBeenCalled();
  const [note] = notes[0] ?? [];
  expect(note).toMatchObject({ url: "blob:note", file: { name: "voice-note.webm", type: "audio/webm" } });
  expect(note?.durationMs).toBe(2_500);
});

it("nothing is left of a recording that is discarded, and the microphone is let go of", async () => {
  await recorder.start();
  recorder.cancel();
  expect(notes).toEqual([]);
  expect(track.stop).toHaveBeenCalled();
  expect(recorder.state().kind).toBe("idle");
});

it("a recording ends by itself after half an hour, and is kept", async () => {
  await recorder.start();
  await vi.advanceTimersByTimeAsync(RECORDING_MAX_MS + 100);
  expect(notes).toHaveLength(1);
  expect(notes[0]?.[1]).toBe(true);
});

it.each([
  ["NotAllowedError", /blocked/],
  ["NotFoundError", /No microphone/],
  ["NotReadableError", /another program/],
])("%s is said plainly", async (name, sentence) => {
  permission = () => Promise.reject(new DOMException("", name));
  await recorder.start();
  expect(recorder.state()).toMatchObject({ kind: "refused", reason: expect.stringMatching(sentence) });
});

it("a permission that comes after the recording was given up records nothing", async () => {
  let allow: (stream: unknown) => void = () => {};
  permission = () => new Promise((resolve) => (allow = resolve));
  const started = recorder.start();
  recorder.cancel();
  allow({ getTracks: () => [track] });
  await started;
  expect(recorder.state().kind).toBe("idle");
  expect(track.stop).toHaveBeenCalled();
});
