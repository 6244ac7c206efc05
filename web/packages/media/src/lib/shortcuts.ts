import { letterOf } from "../lib/letter";
import { useWindowEvent } from "./useWindowEvent";

/** What each key does; a handler that returns false leaves the key to the browser. */
export type Shortcuts = Record<string, (event: KeyboardEvent) => unknown>;

/** Single keys for the whole window: silent while somebody types, and, but for a dialog's own, under a dialog. */
export function useShortcuts(shortcuts: Shortcuts, ofDialog = false): void {
  useWindowEvent("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!ofDialog && document.querySelector("dialog[open]") !== null) return;
    if (isTyping(targetOf(event)) && event.key !== "Escape") return;
    const handler = shortcuts[letterOf(event)];
    if (handler && handler(event) !== false) event.preventDefault();
  });
}

/** What has the focus, also in a shadow root, whose host the window is told of instead. */
export function targetOf(event: Event): EventTarget | null {
  return event.composedPath()[0] ?? event.target;
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return target.type !== "range";
  return (
    target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable
  );
}

/** Whether the key belongs to what has the focus: a button takes the space bar, a slider the arrows. */
export function isControl(target: EventTarget | null): boolean {
  return (
    target instanceof Element && target.closest("button, a, input, select, video, [role=slider]") !== null
  );
}
