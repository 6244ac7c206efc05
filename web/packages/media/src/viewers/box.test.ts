import { describe, expect, it } from "vitest";
import { media } from "../test/fixtures";
import { isShownWhole, mediaBox } from "./box";

const shape = (width: number | null, height: number | null) => media({ width, height });
const isWhole = (width: number | null, height: number | null) => {
  const file = shape(width, height);
  return isShownWhole(file, mediaBox(file));
};

describe("a picture in the thread", () => {
  it.each([
    ["a line across", 4000, 40],
    ["a line down", 40, 4000],
    ["a single pixel", 1, 1],
    ["an icon", 48, 48],
  ])("is shown whole where it is %s", (_, width, height) => {
    expect(isWhole(width, height)).toBe(true);
  });

  it.each([
    ["an ordinary photo", 1600, 1200],
    ["a tall one", 1080, 1920],
    ["a panorama", 3000, 1500],
    ["of unknown size", null, null],
  ])("fills its place where it is %s", (_, width, height) => {
    expect(isWhole(width, height)).toBe(false);
  });
});
