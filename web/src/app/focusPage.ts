import { focusConversations } from "@/features/conversations/focus";
import { isFocusLost } from "@/lib/focusMain";

/**
 * After a way to another page, on which what led there is gone or hidden: its content gets the focus, or the list that stands alone on a
 * phone. That shows its rows a frame after it is in sight.
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
  [...document.querySelectorAll("nav")].find((list) => list.checkVisibility())?.focus();
}
