import { focusConversations } from "@/features/conversations/focus";
import { isFocusLost } from "@/lib/focusMain";

/**
 * After a way to another page, on which what led there is gone or hidden: its content gets the focus, or in the list that stands alone on a
 * phone its first link. The conversations show their rows a frame after they are in sight.
 */
export function focusPageIfLost(): void {
  requestAnimationFrame(() => requestAnimationFrame(takeFocus));
}

function takeFocus(): void {
  if (!isFocusLost()) return;
  const main = document.querySelector("main");
  if (main?.checkVisibility()) main.focus({ preventScroll: true });
  else focusConversations();
  if (!isFocusLost()) return;
  const pages = [...document.querySelectorAll("nav")].find((list) => list.checkVisibility());
  (pages?.querySelector<HTMLElement>("a[aria-current]") ?? pages?.querySelector("a") ?? pages)?.focus();
}
