import { useShortcuts } from "@mediary/media/lib/shortcuts";
import { useEffectEvent, useLayoutEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import type { Conversation } from "@/api/types";

/** The one row that Tab reaches; ↑ ↓ j k move it. It follows its conversation when the list is reordered. */
export function useCursor(
  conversations: Conversation[],
  activeId: number | undefined,
  show: (index: number) => void,
) {
  const showRow = useEffectEvent(show);
  const [cursorId, setCursorId] = useState(activeId);
  const current = useRef<HTMLAnchorElement>(null);
  const at = conversations.findIndex((conversation) => conversation.id === (cursorId ?? activeId));
  const cursor = Math.max(0, at);

  const [lastActiveId, setLastActiveId] = useState(activeId);
  if (activeId !== lastActiveId) {
    setLastActiveId(activeId);
    // On leaving it, the way back in the list is where it was.
    if (activeId !== undefined) setCursorId(activeId);
  }

  const moveTo = (index: number) => {
    // The row of the cursor is in the page wherever the list is scrolled to; it has to be there before it can take the focus.
    flushSync(() => setCursorId(conversations[index]?.id));
    current.current?.focus({ preventScroll: true });
    show(index);
  };
  const last = conversations.length - 1;
  const move = (step: number) => moveTo(at === -1 ? 0 : Math.min(last, Math.max(0, at + step)));
  const inList = ({ target }: KeyboardEvent) => target === current.current;
  const arrow = (step: number) => (event: KeyboardEvent) => {
    // Elsewhere the arrows scroll what has the focus.
    if (event.target !== document.body && !inList(event)) return false;
    move(step);
  };
  useShortcuts({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: arrow(1),
    ArrowUp: arrow(-1),
    Home: (event) => inList(event) && moveTo(0),
    End: (event) => inList(event) && moveTo(last),
  });
  // The conversation that is opened may go to another place of the list, and must not be hidden there.
  useLayoutEffect(() => {
    if (current.current?.contains(document.activeElement)) showRow(cursor);
  }, [cursor]);
  return { cursor, current };
}
