import { describe, expect, it } from "vitest";
import { choicesFor, conversionOf, lengthOf, problemOf } from "@/features/composer/fileKind";

const file = (name: string, type: string, size = 1_000, fields = {}) => ({
  name,
  type,
  size,
  animated: false,
  durationMs: null,
  ...fields,
});

it.each([
  ["a.jpg", "image/jpeg", ["image", "document"]],
  ["a.webp", "image/webp", ["image", "sticker", "document"]],
  ["a.heic", "", ["image"]],
  ["a.gif", "image/gif", ["image"]],
  ["a.mp4", "video/mp4", ["video", "document"]],
  ["a.m4a", "audio/x-m4a", ["audio", "document"]],
  ["a.webm", "audio/webm;codecs=opus", ["audio"]],
  ["a.pdf", "application/pdf", ["document"]],
  ["a.docx", "", ["document"]],
  ["a.zip", "application/zip", []],
  ["a", "", []],
])("%s (%s) can be sent as %j", (name, type, choices) => {
  expect(choicesFor({ name, type })).toEqual(choices);
});

it.each([
  ["a.heic", "image/heic", "image", 1_000, "otherType"],
  ["a.webp", "image/webp", "image", 1_000, "otherType"],
  ["a.webp", "image/webp", "sticker", 1_000, null],
  ["a.webp", "image/webp", "sticker", 100_001, "smaller"],
  ["a.webm", "audio/webm", "audio", 1_000, "otherType"],
  ["a.mov", "video/quicktime", "video", 1_000, "otherType"],
  ["a.jpg", "image/jpeg", "image", 5_000_000, null],
  ["a.jpg", "image/jpeg", "image", 5_000_001, "smaller"],
  ["a.mp4", "video/mp4", "video", 16_000_001, "smaller"],
  ["a.jpg", "image/jpeg", "document", 50_000_000, null],
  ["a.mp3", "audio/mpeg", "audio", 50_000_000, null],
] as const)("%s (%s) as %s with %d bytes becomes %s", (name, type, as, size, conversion) => {
  expect(conversionOf(file(name, type, size), as)).toBe(conversion);
});

describe("WhatsApp's limits", () => {
  it("offer a document where the file fits as one", () => {
    const sound = file("a.mp3", "audio/mpeg", 16_000_001);
    expect(problemOf(sound, "audio")).toMatchObject({ instead: "document" });
    expect(problemOf(sound, "audio")?.sentence).toMatch(/16 MB as audio/);
    expect(problemOf(sound, "document")).toBeNull();
    expect(problemOf(file("a.mp3", "audio/mpeg", 100_000_001), "audio")?.instead).toBeNull();
  });

  it.each([
    ["image", "image/jpeg", 100_000_000],
    ["video", "video/mp4", 100_000_000],
    ["audio", "audio/mpeg", 16_000_000],
    ["document", "application/pdf", 100_000_000],
  ] as const)("of a file sent as %s hold to the byte, also where it is made smaller", (as, type, most) => {
    expect(problemOf(file("a", type, most), as)).toBeNull();
    expect(problemOf(file("a", type, most + 1), as)).not.toBeNull();
  });

  it("refuse a video that is too long to be made smaller, and take it as a document", () => {
    const long = file("a.mp4", "video/mp4", 20_000_000, { durationMs: 11 * 60_000 });
    expect(problemOf(long, "video")).toMatchObject({ instead: "document" });
    expect(problemOf({ ...long, size: 15_000_000 }, "video")).toBeNull();
  });

  it("of a sticker that moves are wider", () => {
    const sticker = file("a.webp", "image/webp", 400_000, { animated: true });
    expect(conversionOf(sticker, "sticker")).toBeNull();
    expect(conversionOf({ ...sticker, animated: false }, "sticker")).toBe("smaller");
  });

  it("refuse what is empty, and what WhatsApp does not carry", () => {
    expect(problemOf(file("a.jpg", "image/jpeg", 0), "image")?.sentence).toMatch(/empty/);
    expect(problemOf(file("a.zip", "application/zip"), "document")?.sentence).toMatch(/does not carry/);
  });
});

it("an emoji is one character", () => {
  expect(lengthOf("a👍ü")).toBe(3);
});
