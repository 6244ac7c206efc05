import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatDate,
  formatDay,
  formatDuration,
  formatLength,
  formatShort,
  formatWait,
} from "./format";
import { withDates } from "./sentence";

it.each([
  [0, "0 bytes"],
  [1, "1 byte"],
  [999, "999 bytes"],
  [48_400, "48 kB"],
  [2_450_000, "2.5 MB"],
  [100_000_000, "100 MB"],
])("%d bytes are %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

it.each([
  [0, "0:00"],
  [7.9, "0:07"],
  [750, "12:30"],
  [3723, "1:02:03"],
  [Number.POSITIVE_INFINITY, "0:00"],
])("%d seconds are %s", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

describe("days", () => {
  const now = new Date(2026, 2, 10, 0, 30);

  it("are counted by the calendar, not by hours", () => {
    expect(formatDay(new Date(2026, 2, 9, 23, 50).toISOString(), now)).toBe("Yesterday");
    expect(formatDay(new Date(2026, 2, 10, 0, 5).toISOString(), now)).toBe("Today");
  });

  it("have a year where it is another one", () => {
    expect(formatDay(new Date(2026, 0, 5).toISOString(), now)).not.toContain("2026");
    expect(formatDay(new Date(2025, 0, 5).toISOString(), now)).toContain("2025");
  });

  it("become shorter in a list the longer they are ago", () => {
    expect(formatShort(new Date(2026, 2, 10, 0, 5).toISOString(), now)).toMatch(/12:05|00:05/);
    expect(formatShort(new Date(2026, 2, 5).toISOString(), now)).toBe("Thursday");
    expect(formatShort(new Date(2026, 1, 5).toISOString(), now)).toMatch(/26$/);
  });
});

it("length of what is shorter than a second is a second, of nothing it is none", () => {
  expect([0, 0.4, 1.9, 61].map(formatLength)).toEqual(["0:00", "0:01", "0:01", "1:01"]);
});

it.each([
  [20, "20 seconds"],
  [120, "2 minutes"],
  [7_200, "2 hours"],
])("%i seconds to wait are %s", (seconds, words) => {
  expect(formatWait(seconds)).toBe(words);
});

it("dates in a sentence are written as a person writes them", () => {
  expect(withDates("WhatsApp kept it until 2026-12-05 (UTC).")).toBe(
    `WhatsApp kept it until ${formatDate("2026-12-05T12:00:00Z")}.`,
  );
  expect(withDates("Order 2026-117")).toBe("Order 2026-117");
});
