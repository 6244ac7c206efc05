import type { Virtualizer } from "@tanstack/react-virtual";
import { type ActionDispatch, useLayoutEffect, useRef } from "react";
import { shows, type ThreadRow } from "@/features/thread/rows";
import type { Place, ThreadAction, ThreadState } from "@/features/thread/state";

/** This close to the end counts as reading the newest. */
export const END_PX = 80;

export type List = Virtualizer<HTMLDivElement, HTMLDivElement>;
export type Dispatch = ActionDispatch<[action: ThreadAction]>;

/** Where the list was when it was last shown. */
type Shown = { place: Place; index: number; atEnd: boolean; offset: number | null };

/** Whether the end went away from a reader who stands still there, as a row in the window has grown. */
function hasSunk(list: List, last: Shown | null): boolean {
  return last?.atEnd === true && last.offset === list.scrollOffset && !list.isAtEnd(1);
}

/** Scrolls to the place that the thread holds, and keeps it there while rows come and go; tells whether that is the end. */
export function useHeldPlace(list: List, rows: ThreadRow[], state: ThreadState, dispatch: Dispatch): void {
  const { place } = state;
  const shown = useRef<Shown | null>(null);
  useLayoutEffect(() => {
    const last = shown.current;
    const isNew = last?.place !== place;
    let index = -1;
    const holdsEnd = place.kind === "end" || (place.kind === "reader" && state.follows);
    if (holdsEnd && ((place.kind === "end" && isNew) || hasSunk(list, last))) list.scrollToEnd();
    // Each older page that comes in leads further up.
    if (place.kind === "start") list.scrollToOffset(0);
    if (place.kind === "message") {
      index = rows.findIndex((row) => shows(row, place.messageId));
      // The list takes a while to arrive at an index, and does not notice when rows that come in above change it.
      if (index !== -1 && (isNew || last?.index !== index)) list.scrollToIndex(index, { align: "center" });
    }
    const atEnd = list.isAtEnd(END_PX);
    shown.current = { place, index, atEnd, offset: list.scrollOffset };
    dispatch({ type: "scrolled", atEnd });
  });
}
