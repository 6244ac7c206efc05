import { describe, expect, it } from "vitest";
import { downloadError, media } from "../test/fixtures";
import { mediaBox } from "./box";
import { downloadUrl, mediaState } from "./state";

const first = { id: "a-1", again: false, empty: false };
const second = { id: "a-2", again: true, empty: false };
const third = { id: "a-3", again: true, empty: false };

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

describe("a file that is viewed", () => {
  const pending = { downloadStatus: "pending", providerMediaId: "a/b" } as const;
  const url = (file: ReturnType<typeof media>, view: typeof first) => {
    const state = mediaState(file, view);
    return state.kind === "ready" ? state.url : null;
  };

  it("comes from the record's own URL under on_view, however often it is tapped", () => {
    expect(url(media({ policy: "on_view", ...pending }), third)).toBe("/api/media/messages/3");
  });

  it("comes from a new one of the provider for each further tap under stream", () => {
    const file = media({ policy: "stream", ...pending });
    expect(url(file, first)).toBe("/api/media/messages/3");
    expect(url(file, second)).toBe("/api/whatsapp/media/a%2Fb?t=a-2");
    expect(url(file, third)).not.toBe(url(file, second));
  });

  it.each(["downloading", "failed", "completed"] as const)(
    "stays in view and where it is when storing it is %s",
    (downloadStatus) => {
      const before = media({ policy: "on_view", ...pending });
      const after = media({ policy: "on_view", downloadStatus, lastError: downloadError() });
      expect(url(after, first)).toBe(url(before, first));
    },
  );

  it("goes out of view when it is deleted or held back", () => {
    expect(mediaState(media({ policy: "on_view", isActive: false }), first).kind).toBe("deleted");
    const held = media({ policy: "on_view", scanStatus: "quarantined" });
    expect(mediaState(held, first).kind).toBe("quarantined");
  });
});

it("a download keeps the query that a URL already has", () => {
  expect(downloadUrl("/a")).toBe("/a?download=1");
  expect(downloadUrl("/a?t=2")).toBe("/a?t=2&download=1");
  expect(downloadUrl("blob:x")).toBe("blob:x");
});

it("a box keeps the shape of its picture within its limits, known or not", () => {
  expect(mediaBox(media({ width: 1600, height: 1200 }))).toEqual({ width: 320, height: 240 });
  expect(mediaBox(media({ width: 1000, height: 4000 }))).toEqual({ width: 220, height: 380 });
  expect(mediaBox(media({ width: null, height: null }))).toEqual({ width: 300, height: 225 });
});
