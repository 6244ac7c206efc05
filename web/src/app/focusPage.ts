import { focusConversations } from "@/features/conversations/focus";
import { isFocusLost } from "@/lib/focusMain";

/** After a way to another page, on which what led there is gone or hidden: its content gets the focus, or the list that stands alone on a phone. */
export function focusPageIfLost(): void {
  requestAnimationFrame(() => {
    if (!isFocusLost()) return;
    const main = document.querySelector("main");
    if (main?.checkVisibility()) main.focus({ preventScroll: true });
    else focusConversations();
    if (isFocusLost()) document.querySelector<HTMLElement>("[data-settings-nav] a")?.focus();
  });
}
