import { describe, expect, it } from "vitest";
import { media } from "../test/fixtures";
import { texts } from "../texts";
import { brokenBy, seekTo } from "./useMediaElement";

/** An element that knows its file, and how far it can move in it. */
function element(seekableTo: number | null, fields: object = {}): HTMLMediaElement {
  const seekable = {
    length: seekableTo === null ? 0 : 1,
    start: () => 0,
    end: () => seekableTo ?? 0,
  };
  return { readyState: 4, duration: 60, currentTime: 7, seekable, ...fields } as unknown as HTMLMediaElement;
}

describe("moving through a file", () => {
  it("seeks to the position, within the file", () => {
    const stored = element(60);
    expect([seekTo(stored, 30), stored.currentTime]).toEqual([true, 30]);
    expect([seekTo(stored, 90), stored.currentTime]).toEqual([true, 60]);
    expect([seekTo(stored, -5), stored.currentTime]).toEqual([true, 0]);
  });

  it.each([
    ["the beginning", 0],
    ["nowhere", null],
  ])("leaves an element where it is that can go to %s only", (_, reach) => {
    const streamed = element(reach);
    expect([seekTo(streamed, 30), streamed.currentTime]).toEqual([false, 7]);
  });

  it("starts at the position where nothing is known of the file yet", () => {
    const fresh = element(null, { readyState: 0, duration: Number.NaN, currentTime: 0 });
    expect([seekTo(fresh, 30), fresh.currentTime]).toEqual([true, 30]);
  });
});

describe("what a player says when it cannot go on", () => {
  const failed = (code: number) => ({ error: { code } as MediaError });

  const hevc = media({ unplayable: "HEVC", variantsError: "ffmpeg cannot read its pictures" });

  it("names the format that browsers lack, else what is wrong with the file: then no retry helps", () => {
    expect(brokenBy(failed(4), hevc)).toEqual({
      reason: "It cannot be played here: HEVC. Download it instead.",
      final: true,
    });
    const damaged = media({ variantsError: "the recording is damaged" });
    expect(brokenBy(failed(4), damaged)).toEqual({ reason: "The recording is damaged.", final: true });
    expect(brokenBy(failed(4), media())).toEqual({ reason: texts.media.unplayable, final: false });
  });

  it("blames the connection where that broke", () => {
    expect(brokenBy(failed(2), hevc)).toEqual({ reason: texts.media.interrupted, final: false });
  });
});
