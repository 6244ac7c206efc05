/** The scrolling list of conversations, by which it is found from elsewhere. */
export const LIST_ID = "conversations";

/** Of the field above it. */
export const SEARCH_ID = "conversation-search";

/** Leads a keyboard user to the row of the list that Tab would reach; where there is none, to the field above. */
export function focusConversations(): void {
  const row = document.querySelector<HTMLElement>(`#${LIST_ID} a[tabindex="0"]`);
  (row ?? document.getElementById(SEARCH_ID))?.focus();
}
