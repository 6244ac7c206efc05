import { letterOf } from "@mediary/media/lib/letter";
import type { KeyboardEvent } from "react";

/** What a key does with the message that has the focus, by the mark of the control that does it. */
const ACTS: Partial<Record<string, string>> = {
  Enter: "[data-act=open], a[data-media], [data-act=play]",
  r: "[data-act=reply]",
  d: "[data-act=download]",
  q: "[data-act=quote]",
};

/** Leads from message to message by ↑ and ↓, and does what a key asks for with the one in hand. */
export function walk(event: KeyboardEvent<HTMLElement>): void {
  const { target, currentTarget: thread, key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || !(target instanceof HTMLElement)) return;
  const message = target.matches("article") ? target : null;
  if (message === null && target !== thread) return;
  if (key === "ArrowUp" || key === "ArrowDown") {
    const next = nextMessage(thread, message, key === "ArrowUp");
    if (next === null) return;
    event.preventDefault();
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
    return;
  }
  const act = ACTS[letterOf(event)];
  const control = act && message?.querySelector<HTMLElement>(act);
  if (!control) return;
  event.preventDefault();
  control.click();
}

/** Null where the message itself has more to show in that direction: then the key scrolls. */
function nextMessage(thread: HTMLElement, message: HTMLElement | null, up: boolean): HTMLElement | null {
  const place = thread.getBoundingClientRect();
  const messages = [...thread.querySelectorAll<HTMLElement>("article[tabindex]")];
  if (message === null) {
    const isShown = (article: HTMLElement) => {
      const { top, bottom } = article.getBoundingClientRect();
      return bottom > place.top && top < place.bottom;
    };
    return (up ? messages.findLast(isShown) : messages.find(isShown)) ?? null;
  }
  const { top, bottom } = message.getBoundingClientRect();
  if (up ? top < place.top - 1 : bottom > place.bottom + 1) return null;
  return messages[messages.indexOf(message) + (up ? -1 : 1)] ?? null;
}
