import type { FileType, Usage } from "@/api/types";

/** In the order in which they are stacked, from the bottom. */
export const TYPES: readonly FileType[] = ["image", "video", "audio", "document", "sticker"];

export type Measure = "bytes" | "files";

/** One month: what each type takes, and all of them together. */
export type MonthUse = { month: string; total: number; by: Record<FileType, number> };

/** The most months that the chart shows; the table has all. */
export const CHART_MONTHS = 24;

/** Months from the first to the last that has a file, those between without any as well. */
export function monthsOf(usage: readonly Usage[], measure: Measure): MonthUse[] {
  const found = new Map<string, MonthUse>();
  for (const row of usage) {
    const month = found.get(row.month) ?? emptyMonth(row.month);
    month.by[row.fileType] += row[measure];
    month.total += row[measure];
    found.set(row.month, month);
  }
  const names = [...found.keys()].sort();
  const [first, last] = [names[0], names.at(-1)];
  if (first === undefined || last === undefined) return [];
  const months: MonthUse[] = [];
  for (let month = first; month <= last; month = monthAfter(month)) {
    months.push(found.get(month) ?? emptyMonth(month));
  }
  return months;
}

function emptyMonth(month: string): MonthUse {
  return { month, total: 0, by: { image: 0, video: 0, audio: 0, document: 0, sticker: 0 } };
}

export function monthAfter(month: string): string {
  const [year = 0, number = 0] = month.split("-").map(Number);
  return number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, "0")}`;
}

/** The lines across a chart: about four, at round numbers, the last at or above the highest column. */
export function linesFor(highest: number): number[] {
  if (highest <= 0) return [0];
  // Bytes and files are whole.
  const rough = Math.max(1, highest / 4);
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * magnitude).find((size) => size >= rough) ?? rough;
  const lines: number[] = [];
  for (let line = 0; line < highest + step; line += step) lines.push(line);
  return lines;
}
