import { beforeEach, expect, it, vi } from "vitest";
import { media } from "../test/fixtures";

const note = media({ id: 41, fileType: "audio", voice: true, url: "/api/media/messages/3" });

/** The page after a reload. */
async function load() {
  vi.resetModules();
  return import("./playback");
}

type Playback = Awaited<ReturnType<typeof load>>;

function play({ playAudio, audioElement }: Playback): HTMLAudioElement {
  playAudio({ media: note, url: note.url, sources: [note.url], onBroken: () => {} });
  return audioElement();
}

beforeEach(() => {
  localStorage.clear();
  vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
});

it("a recording resumes where it was left, also after the page was loaded again", async () => {
  const before = await load();
  play(before).currentTime = 12.5;
  window.dispatchEvent(new Event("pagehide"));
  expect(play(await load()).currentTime).toBe(12.5);
});

it("what was logged out of is forgotten", async () => {
  const before = await load();
  play(before).currentTime = 12.5;
  before.stopAudio();
  before.forgetPositions();
  expect(play(await load()).currentTime).toBe(0);
});

it("a broken memory is none", async () => {
  localStorage.setItem("mediary.positions", '[[41,"x"],{"a":1}]');
  expect(play(await load()).currentTime).toBe(0);
  localStorage.setItem("mediary.positions", "{");
  expect(play(await load()).currentTime).toBe(0);
});
