import { describe, expect, it } from "vitest";
import { media, variant } from "../test/fixtures";
import type { MediaFile } from "../types";
import { mediaBox } from "./box";
import { hasPage, isShownByBrowsers, pictureUrl, playableUrl, variantUrl } from "./variants";

const pdf = (fields: Partial<MediaFile> = {}) =>
  media({ fileType: "document", mimeType: "application/pdf", ...fields });

describe("picture of a stored file", () => {
  const both = { variants: [variant("preview", { width: 1280 }), variant("thumb", { width: 320 })] };

  it.each([
    [300, "/v/thumb"],
    [320, "/v/thumb"],
    [321, "/v/preview"],
    [4000, "/v/preview"],
  ])("is the smallest that is sharp at %i pixels, else the largest, never the file", (pixels, url) => {
    expect(pictureUrl(media(both), pixels)).toBe(url);
  });

  it("is what is listed, where not all is", () => {
    expect(pictureUrl(media({ variants: [variant("thumb", { width: 200 })] }), 640)).toBe("/v/thumb");
    const poster = media({ fileType: "video", variants: [variant("poster"), variant("playable")] });
    expect(pictureUrl(poster, 300)).toBe("/v/poster");
  });

  it.each([
    ["of a photo for a small tile", media(), 200, "/api/media/messages/3?variant=thumb"],
    ["of a photo for a large tile", media(), 640, "/api/media/messages/3?variant=preview"],
    ["of an attachment", media({ url: "/a?part=2" }), 200, "/a?part=2&variant=thumb"],
    ["of a PDF", pdf(), 200, "/api/media/messages/3?variant=preview"],
  ])("is asked for where none is listed yet: %s", (_, file, pixels, url) => {
    expect(pictureUrl(file, pixels)).toBe(url);
  });

  it.each([
    ["a file that is not stored", media({ policy: "stream", downloadStatus: "pending" })],
    ["a deleted file", media({ ...both, isActive: false })],
    ["a sound", media({ fileType: "audio" })],
    ["a video without a poster", media({ fileType: "video" })],
    ["a document other than a PDF", media({ fileType: "document", mimeType: "text/csv" })],
  ])("is never asked for of %s", (_, file) => {
    expect(pictureUrl(file, 300)).toBeNull();
  });
});

it("variant comes from the record's own URL of it", () => {
  const file = media({ variants: [variant("peaks", { url: "/elsewhere/peaks" })] });
  expect(variantUrl(file, "peaks")).toBe("/elsewhere/peaks");
});

it("playable form of a stored voice note is there before it is listed", () => {
  const note = (fields: Partial<MediaFile> = {}) =>
    media({ fileType: "audio", mimeType: "audio/ogg; codecs=opus", ...fields });
  expect(playableUrl(note())).toBe(`${note().url}?variant=playable`);
  expect(playableUrl(note({ variants: [variant("playable")] }))).toBe("/v/playable");
  expect(playableUrl(note({ variantsError: "several recordings in one file" }))).toBeNull();
  expect(playableUrl(note({ downloadStatus: "pending" }))).toBeNull();
  expect(playableUrl(media({ variants: [variant("poster")] }))).toBeNull();
});

it("type is that of the bytes, else the declared one, without parameters", () => {
  expect(isShownByBrowsers(media({ mimeType: "image/jpeg", detectedMimeType: "image/heic" }))).toBe(false);
  expect(isShownByBrowsers(media({ mimeType: "image/jpg" }))).toBe(true);
  expect(hasPage(pdf({ mimeType: "Application/PDF; charset=binary" }))).toBe(true);
});

it.each([
  ["a stored PDF", pdf(), true],
  ["a PDF that will be stored", pdf({ downloadStatus: "pending" }), true],
  ["a PDF that nobody asked for", pdf({ downloadStatus: "pending", policy: "on_view" }), false],
  ["a PDF that failed", pdf({ downloadStatus: "failed" }), false],
  ["a deleted PDF", pdf({ isActive: false }), false],
  ["another document", pdf({ detectedMimeType: "text/plain" }), false],
])("first page has a place in the thread, or none: %s", (_, file, place) => {
  expect(hasPage(file)).toBe(place);
  expect(mediaBox(file).height).toBe(place ? 214 : 64);
});
