import { type PointerEvent, useRef, useState } from "react";
import type { Conversation } from "@/api/types";

/** A pointer that has stood still for so long is not about to click. */
const STILL_MS = 2_000;

/** The conversations in the order in which they were when the pointer came over them: none may go away from under a click. */
export function useHeldOrder(conversations: Conversation[]) {
  const [held, setHeld] = useState<number[] | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const release = () => {
    clearTimeout(timer.current);
    setHeld(null);
  };
  const hold = ({ pointerType }: PointerEvent) => {
    if (pointerType !== "mouse") return;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setHeld(null), STILL_MS);
    setHeld((before) => before ?? conversations.map(({ id }) => id));
  };
  return { conversations: held === null ? conversations : inOrder(conversations, held), hold, release };
}

/** Those that are held first, in their places; what is new waits below them. */
export function inOrder(conversations: Conversation[], held: number[]): Conversation[] {
  const byId = new Map(conversations.map((conversation) => [conversation.id, conversation]));
  const kept = held.flatMap((id) => byId.get(id) ?? []);
  const known = new Set(held);
  return [...kept, ...conversations.filter(({ id }) => !known.has(id))];
}
