import { locale } from "../texts";
import type { MediaFile } from "../types";

/** One line of the grid: the head of a month, or as many tiles as fit side by side. Sizes are known before anything is drawn. */
export type GridRow =
  | { kind: "month"; key: string; month: number; at: number }
  | {
      kind: "tiles";
      key: string;
      month: number;
      /** Where in the list its first file stands. */
      at: number;
      files: MediaFile[];
    };

export type Columns = { count: number; tile: number };

/** Between tiles, and between rows of them. */
export const GAP_PX = 4;
const TILE_PX = { min: 104, max: 164 };
/** Three side by side at least: on a phone tiles get smaller instead. */
const COLUMNS_MIN = 3;

/** How many tiles stand side by side, and how large they are, so that they fill the width. */
export function columnsFor(width: number): Columns {
  const wanted = width < 600 ? TILE_PX.min : TILE_PX.max;
  const count = Math.max(COLUMNS_MIN, Math.floor((width + GAP_PX) / (wanted + GAP_PX)));
  return { count, tile: Math.floor((width - GAP_PX * (count - 1)) / count) };
}

/** Months as numbers that follow each other, in the person's own calendar. */
export function monthOf(time: string): number {
  const date = new Date(time);
  return date.getFullYear() * 12 + date.getMonth();
}

/** A list of any length is laid out again with each of its pages. */
const months = new WeakMap<MediaFile, number>();

function monthOfFile(file: MediaFile): number {
  const month = months.get(file) ?? monthOf(file.createdAt);
  months.set(file, month);
  return month;
}

/** When a month begins. */
export function monthStart(month: number): Date {
  return new Date(Math.floor(month / 12), month % 12, 1);
}

export function monthLabel(month: number): string {
  return new Intl.DateTimeFormat(locale, { month: "long", year: "numeric" }).format(monthStart(month));
}

/** The lines of a grid. Sorted by something else than the date it has no months. */
export function gridRows(files: MediaFile[], columns: number, byMonth: boolean): GridRow[] {
  const rows: GridRow[] = [];
  let month: number | null = null;
  let row: MediaFile[] = [];
  files.forEach((file, at) => {
    const own = byMonth ? monthOfFile(file) : 0;
    if (own !== month) {
      if (byMonth) rows.push({ kind: "month", key: `month-${own}`, month: own, at });
      month = own;
      row = [];
    }
    if (row.length === 0 || row.length === columns) {
      row = [];
      rows.push({ kind: "tiles", key: `row-${file.id}`, month: own, at, files: row });
    }
    row.push(file);
  });
  return rows;
}

/** The line in which a file of the list stands; the head of a month begins with the same file as the line below it. */
export function lineAt(lines: readonly { at: number }[], at: number): number {
  let [low, high] = [0, lines.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((lines[middle]?.at ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Where a key leads in the grid, from one file to another; null where it leads nowhere. */
export function move(key: string, at: number, rows: GridRow[], count: number, page: number): number | null {
  const here = lineAt(rows, at);
  const row = rows[here];
  if (row?.kind !== "tiles") return null;
  const column = at - row.at;
  const below = (step: number) => {
    const tiles = rows.slice(step > 0 ? here + 1 : 0, step > 0 ? undefined : here);
    const lines = tiles.filter((line) => line.kind === "tiles");
    const line = step > 0 ? lines[Math.min(step, lines.length) - 1] : lines[Math.max(0, lines.length + step)];
    return line?.kind === "tiles" ? line.at + Math.min(column, line.files.length - 1) : null;
  };
  switch (key) {
    case "ArrowLeft":
      return at > 0 ? at - 1 : null;
    case "ArrowRight":
      return at < count - 1 ? at + 1 : null;
    case "ArrowUp":
      return below(-1);
    case "ArrowDown":
      return below(1);
    case "PageUp":
      return below(-page);
    case "PageDown":
      return below(page);
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
}
