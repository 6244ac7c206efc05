import { type PointerEvent, useRef } from "react";

export type Swipe = "left" | "right" | "down";

type Start = { id: number; x: number; y: number };

/** A swipe is at least this long. */
const SWIPE_PX = 60;

/**
 * Swipes by one finger over whatever is inside; a tap is left to that. A slider is dragged by the same movement, which is its own then;
 * what the browser takes for scrolling it cancels.
 */
export function useSwipe(onSwipe: (direction: Swipe) => void) {
  const start = useRef<Start | null>(null);
  return {
    onPointerDown: ({ pointerId, pointerType, isPrimary, target, clientX, clientY }: PointerEvent) => {
      const isSwipe = pointerType !== "mouse" && isPrimary && !(target instanceof HTMLInputElement);
      // A second finger makes it a pinch.
      start.current = isSwipe ? { id: pointerId, x: clientX, y: clientY } : null;
    },
    onPointerUp: ({ pointerId, clientX, clientY }: PointerEvent) => {
      const from = start.current;
      start.current = null;
      if (from?.id !== pointerId) return;
      const direction = swipeOf(clientX - from.x, clientY - from.y);
      if (direction) onSwipe(direction);
    },
    onPointerCancel: () => {
      start.current = null;
    },
  };
}

function swipeOf(across: number, down: number): Swipe | null {
  if (Math.abs(across) > SWIPE_PX && Math.abs(across) > Math.abs(down)) return across < 0 ? "left" : "right";
  return down > SWIPE_PX && down > Math.abs(across) ? "down" : null;
}
