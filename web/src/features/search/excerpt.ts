import { plainWords } from "@mediary/media/lib/bidi";
import type { Mark } from "@/api/search";

/** A piece of a text, and whether it is what was searched for. */
export type Piece = { text: string; marked: boolean };

/** Letters that are shown before the first word that was found: a line has room for it, and for what follows. */
const BEFORE_MAX = 28;
const SHOWN_MAX = 220;

/** The part of a text around the first of its marks, cut where a word begins; without marks its beginning. */
export function excerpt(text: string, marks: readonly Pick<Mark, "start" | "end">[]): Piece[] {
  const sorted = marks.filter(({ start, end }) => end > start).toSorted((a, b) => a.start - b.start);
  const from = beginning(text, sorted[0]?.start ?? 0);
  const to = Math.min(text.length, from + SHOWN_MAX);
  const pieces: Piece[] = [];
  let at = from;
  const add = (end: number, marked: boolean) => {
    const words = plainWords(text.slice(at, end)).replace(/\s+/g, " ");
    if (words !== "") pieces.push({ text: words, marked });
    at = Math.max(at, end);
  };
  for (const { start, end } of sorted) {
    if (start >= to) break;
    if (start > at) add(start, false);
    if (end > at) add(Math.min(end, to), true);
  }
  if (at < to) add(to, false);
  if (from > 0) pieces.unshift({ text: "…", marked: false });
  if (to < text.length) pieces.push({ text: "…", marked: false });
  return pieces;
}

/** Where to begin so that the first mark is near the beginning: at a word, and never within a letter of two units. */
function beginning(text: string, mark: number): number {
  if (mark <= BEFORE_MAX) return 0;
  const earliest = mark - BEFORE_MAX;
  const space = text.slice(earliest, mark).search(/\s\S/);
  if (space !== -1) return earliest + space + 1;
  return isLowSurrogate(text.charCodeAt(earliest)) ? earliest - 1 : earliest;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
