import { expect, test } from "vitest";
import { linesFor, monthAfter, monthsOf } from "@/features/settings/usage";

test("months without a file stand between those that have some", () => {
  const months = monthsOf(
    [
      { month: "2026-02", fileType: "image", files: 2, bytes: 200 },
      { month: "2025-12", fileType: "video", files: 1, bytes: 1000 },
      { month: "2026-02", fileType: "audio", files: 3, bytes: 30 },
    ],
    "bytes",
  );
  expect(months.map(({ month, total }) => [month, total])).toEqual([
    ["2025-12", 1000],
    ["2026-01", 0],
    ["2026-02", 230],
  ]);
  expect(months[2]?.by).toMatchObject({ image: 200, audio: 30, video: 0 });
  expect(monthsOf([], "files")).toEqual([]);
});

test("the year turns after December", () => {
  expect(monthAfter("2026-12")).toBe("2027-01");
  expect(monthAfter("2026-09")).toBe("2026-10");
});

test("the lines of a chart are round numbers and reach above the highest column", () => {
  expect(linesFor(230)).toEqual([0, 100, 200, 300]);
  expect(linesFor(400)).toEqual([0, 100, 200, 300, 400]);
  expect(linesFor(1)).toEqual([0, 1]);
  expect(linesFor(0)).toEqual([0]);
});
