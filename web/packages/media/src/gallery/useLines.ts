import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useMemo, useRef } from "react";
import { useLoadMore } from "../lib/useLoadMore";
import type { MediaFile } from "../types";
import type { GalleryFiles } from "./files";
import { lineAt } from "./layout";
import type { GalleryScope } from "./list";
import { galleryOf, keepPlace, placeOf } from "./store";

/** One line of a gallery: which file of the list it begins with, and how high it is. */
export type Line = { key: string; at: number; height: number };

type LinesOptions = {
  scope: GalleryScope;
  /** Tells the list from others: another one is read from its beginning. */
  name: string;
  gallery: GalleryFiles;
  lines: readonly Line[];
  /** What stays in sight above the lines, and what may lie over the last of them. */
  head: number;
  foot: number;
  /** Which line holds the file that Tab reaches. */
  cursorLine: number;
};

/** Lines left beyond the window when the next page is asked for. */
const AHEAD = 8;

/** Draws of a list of any length what is in sight, keeps the reader's place while pages come in, and asks for more. */
export function useLines({ scope, name, gallery, lines, head, foot, cursorLine }: LinesOptions) {
  const { files, indexes } = gallery;
  const scroller = useRef<HTMLDivElement>(null);
  const starts = useMemo(() => startsOf(lines), [lines]);
  const offsetOf = (fileId: number): number | null => {
    const at = indexes.get(fileId);
    return at === undefined ? null : (starts[lineAt(lines, at)] ?? 0);
  };
  const list = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => lines[index]?.height ?? 0,
    getItemKey: useCallback((index: number) => lines[index]?.key ?? index, [lines]),
    initialOffset: () => {
      const place = placeOf(scope);
      return place === undefined ? 0 : (offsetOf(place.fileId) ?? 0) + place.offset;
    },
    rangeExtractor: (range) => {
      const indexes = defaultRangeExtractor(range);
      const isLine = cursorLine >= 0 && cursorLine < lines.length;
      return !isLine || indexes.includes(cursorLine)
        ? indexes
        : [...indexes, cursorLine].sort((a, b) => a - b);
    },
    overscan: 4,
    scrollPaddingStart: head,
    scrollPaddingEnd: foot,
    paddingEnd: foot,
  });
  const onScroll = () => {
    const offset = scroller.current?.scrollTop ?? 0;
    keepPlace(scope, placeAt(files, lines, starts, offset));
  };
  const { startIndex = AHEAD, endIndex = 0 } = list.range ?? {};
  useLoadMore(endIndex >= lines.length - AHEAD, gallery.loadAfter);
  useLoadMore(startIndex < AHEAD, gallery.loadBefore);
  const toLine = (index: number) => list.scrollToOffset(starts[index] ?? 0);
  const held = useHeld({ scope, name, files, indexes, lines, starts });
  return { list, scroller, onScroll, toLine, held };
}

type HeldOptions = {
  scope: GalleryScope;
  name: string;
  files: MediaFile[];
  indexes: ReadonlyMap<number, number>;
  lines: readonly Line[];
  starts: readonly number[];
};

/** The ref of what holds the lines: it is called whenever they have changed, and scrolls by as much as what is read has moved. */
function useHeld({ scope, name, files, indexes, lines, starts }: HeldOptions) {
  const shown = useRef<Omit<HeldOptions, "scope" | "indexes"> | null>(null);
  return useCallback(
    (element: HTMLElement | null) => {
      // An element is given its ref before what is around it.
      const box = element?.closest<HTMLElement>("[data-scroller]");
      if (!box) return;
      const before = shown.current;
      shown.current = { name, files, lines, starts };
      if (before !== null && before.name !== name) {
        box.scrollTop = 0;
        keepPlace(scope, null);
        return;
      }
      if (before === null) focusCursor(box, scope);
      const place =
        before === null ? placeOf(scope) : placeAt(before.files, before.lines, before.starts, box.scrollTop);
      const at = place ? indexes.get(place.fileId) : undefined;
      if (!place || at === undefined) return;
      const offset = (starts[lineAt(lines, at)] ?? 0) + place.offset;
      if (Math.abs(offset - box.scrollTop) > 1) box.scrollTop = offset;
    },
    [scope, name, files, indexes, lines, starts],
  );
}

/** Who comes back goes on where they were; the lines are drawn with the next frame. The focus stays where it is if that is beside the files. */
function focusCursor(box: HTMLElement, scope: GalleryScope): void {
  const { cursor } = galleryOf(scope);
  if (cursor === null) return;
  requestAnimationFrame(() => {
    const isFree = document.activeElement?.contains(box) ?? true;
    if (isFree) box.querySelector<HTMLElement>(`[data-file="${cursor}"]`)?.focus({ preventScroll: true });
  });
}

function startsOf(lines: readonly Line[]): number[] {
  let start = 0;
  return lines.map(({ height }) => {
    const own = start;
    start += height;
    return own;
  });
}

/** The file at the top of what is in sight. */
function placeAt(files: MediaFile[], lines: readonly Line[], starts: readonly number[], offset: number) {
  const at = lines[lastUpTo(starts, offset)]?.at ?? -1;
  const file = files[at];
  return file === undefined ? null : { fileId: file.id, offset: offset - (starts[lineAt(lines, at)] ?? 0) };
}

function lastUpTo(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((sorted[middle] ?? 0) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
