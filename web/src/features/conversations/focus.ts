/** The scrolling list of conversations, by which it is found from elsewhere. */
export const LIST_ID = "conversations";

/** Leads a keyboard user to the row of the list that Tab would reach. */
export function focusConversations(): void {
  document.querySelector<HTMLElement>(`#${LIST_ID} a[tabindex="0"]`)?.focus();
}
