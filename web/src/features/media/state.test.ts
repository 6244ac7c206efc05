import { describe, expect, it } from "vitest";
import { mediaBox } from "@/features/media/box";
import { downloadUrl, mediaState, pictureUrl, playableUrl } from "@/features/media/state";
import { downloadError, media } from "@/test/fixtures";

describe("what a viewer shows", () => {
  it.each([
    ["a stored file", media(), "ready"],
    ["one that waits", media({ downloadStatus: "pending" }), "queued"],
    ["one under way", media({ downloadStatus: "downloading" }), "downloading"],
    ["one that failed", media({ downloadStatus: "failed", lastError: downloadError() }), "failed"],
    [
      "one that expired",
      media({ downloadStatus: "failed", lastError: downloadError({ code: "media_expired" }) }),
      "expired",
    ],
    [
      "one held back by its bytes",
      media({ downloadStatus: "failed", lastError: downloadError({ code: "media_quarantined" }) }),
      "quarantined",
    ],
    ["one held back by the scan", media({ scanStatus: "quarantined" }), "quarantined"],
    ["one let through by an admin", media({ scanStatus: "released" }), "ready"],
    [
      "one deleted here, whatever else it is",
      media({ isActive: false, downloadStatus: "failed" }),
      "deleted",
    ],
    ["one nobody looked at", media({ policy: "on_view", downloadStatus: "pending" }), "tap"],
    ["one that is never kept", media({ policy: "stream", downloadStatus: "pending" }), "tap"],
    ["one that somebody has looked at", media({ policy: "on_view", downloadStatus: "completed" }), "ready"],
  ])("%s", (_, file, kind) => {
    expect(mediaState(file).kind).toBe(kind);
  });

  it("the reason of a failure, and whether trying again helps", () => {
    const failed = media({ downloadStatus: "failed", lastError: downloadError({ retryable: false }) });
    expect(mediaState(failed)).toMatchObject({ reason: "Too slow.", retryable: false });
  });
});

describe("the URL of a tapped file", () => {
  const pending = { downloadStatus: "pending", providerMediaId: "a/b" } as const;
  const url = (file: ReturnType<typeof media>, taps: number) => {
    const state = mediaState(file, taps);
    return state.kind === "ready" ? state.url : null;
  };

  it("is the record's own under on_view, however often it is tapped", () => {
    expect(url(media({ policy: "on_view", ...pending }), 3)).toBe("/api/media/messages/3");
  });

  it("is a new one of the provider for each further tap under stream", () => {
    const file = media({ policy: "stream", ...pending });
    expect(url(file, 1)).toBe("/api/media/messages/3");
    expect(url(file, 2)).toMatch(/^\/api\/whatsapp\/media\/a%2Fb\?t=/);
    expect(url(file, 2)).not.toBe(url(file, 3));
  });
});

describe("variants", () => {
  const variant = (kind: string, mimeType: string, width: number | null) => ({
    kind,
    mimeType,
    width,
    height: null,
    fileSize: 1,
    url: `/v/${kind}`,
  });

  it("give the smallest picture that is sharp enough, else the file", () => {
    const file = media({
      variants: [variant("large", "image/webp", 1280), variant("small", "image/webp", 320)],
    });
    expect(pictureUrl(file, "/f", 300)).toBe("/v/small");
    expect(pictureUrl(file, "/f", 640)).toBe("/v/large");
    expect(pictureUrl(file, "/f", 2000)).toBe("/f");
  });

  it("stand in for sound that the browser cannot play", () => {
    const file = media({
      fileType: "audio",
      mimeType: "audio/ogg",
      variants: [variant("playable", "audio/mp4", null)],
    });
    expect(playableUrl(file, "/f", () => true)).toBe("/f");
    expect(playableUrl(file, "/f", (type) => type === "audio/mp4")).toBe("/v/playable");
    expect(playableUrl(file, "/f", () => false)).toBe("/f");
  });
});

it("a download keeps the query that a URL already has", () => {
  expect(downloadUrl("/a")).toBe("/a?download=1");
  expect(downloadUrl("/a?t=2")).toBe("/a?t=2&download=1");
});

it("a box keeps the shape of its picture within its limits, known or not", () => {
  expect(mediaBox(media({ width: 1600, height: 1200 }))).toEqual({ width: 320, height: 240 });
  expect(mediaBox(media({ width: 1000, height: 4000 }))).toEqual({ width: 220, height: 380 });
  expect(mediaBox(media({ width: null, height: null }))).toEqual({ width: 300, height: 225 });
});
