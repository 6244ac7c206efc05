import { describe, expect, it, vi } from "vitest";
import { media } from "../test/fixtures";
import { columnsFor, GAP_PX, gridRows, lineAt, monthOf, monthStart, move } from "./layout";

const at = (id: number, createdAt: string) => media({ id, messageId: id, createdAt });
const files = [
  at(1, "2026-03-20T12:00:00Z"),
  at(2, "2026-03-10T12:00:00Z"),
  at(3, "2026-03-05T12:00:00Z"),
  at(4, "2026-02-11T12:00:00Z"),
  at(5, "2025-12-31T12:00:00Z"),
];

describe("the lines of a grid", () => {
  it("begin each month on a line of its own, under its head", () => {
    const rows = gridRows(files, 2, true);
    expect(rows.map((row) => (row.kind === "month" ? "head" : row.files.map(({ id }) => id)))).toEqual([
      "head",
      [1, 2],
      [3],
      "head",
      [4],
      "head",
      [5],
    ]);
  });

  it("have no months where the files are sorted by something else", () => {
    expect(gridRows(files, 3, false).map(({ kind }) => kind)).toEqual(["tiles", "tiles"]);
  });

  it("are found by a file, whose month's head is none", () => {
    const rows = gridRows(files, 2, true);
    expect([0, 1, 2, 3, 4].map((file) => lineAt(rows, file))).toEqual([1, 1, 2, 4, 6]);
  });

  it("of 50,000 files are laid out again with each page without reading a date again", () => {
    const many = Array.from({ length: 50_000 }, (_, id) => at(id, new Date(1.7e12 - id * 6e5).toISOString()));
    gridRows(many, 6, true);
    const readMonth = vi.spyOn(Date.prototype, "getMonth");
    const rows = gridRows(many, 7, true);
    expect(readMonth).not.toHaveBeenCalled();
    expect(rows.reduce((sum, row) => sum + (row.kind === "tiles" ? row.files.length : 0), 0)).toBe(50_000);
  });
});

describe("the arrow keys", () => {
  const rows = gridRows(files, 2, true);
  const from = (key: string, file: number) => move(key, file, rows, files.length, 2);
  it("lead along the list, and to the line above and below in the same column", () => {
    expect(from("ArrowRight", 2)).toBe(3);
    expect(from("ArrowLeft", 0)).toBeNull();
    expect(from("ArrowDown", 0)).toBe(2);
    expect(from("ArrowUp", 3)).toBe(2);
  });
  it("come to the last file of a line that is shorter", () => {
    expect(from("ArrowDown", 1)).toBe(2);
  });
  it("stay within the list", () => {
    expect(from("ArrowDown", 4)).toBeNull();
    expect(from("PageDown", 3)).toBe(4);
    expect([from("Home", 3), from("End", 0)]).toEqual([0, 4]);
  });
});

it("tiles fill the width, three side by side on the narrowest phone", () => {
  for (const width of [288, 358, 720, 1100]) {
    const { count, tile } = columnsFor(width);
    expect(count).toBeGreaterThanOrEqual(3);
    const filled = count * tile + (count - 1) * GAP_PX;
    expect(filled).toBeLessThanOrEqual(width);
    expect(filled).toBeGreaterThan(width - count);
  }
});

it("a month is a number that leads back to its first day", () => {
  const month = monthOf("2026-03-20T12:00:00Z");
  expect(monthStart(month).getMonth()).toBe(2);
  expect(monthStart(month + 12).getFullYear()).toBe(2027);
});
