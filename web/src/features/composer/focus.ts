/** The one field of the composer, by which it is found from elsewhere in the thread. */
export const FIELD_ID = "message-field";

/** Leads a keyboard user to where the next words go. */
export function focusComposer(): void {
  document.getElementById(FIELD_ID)?.focus();
}

/** Whoever adds a file goes on with its caption. It shows with the next frame. */
export function focusFile(id: string): void {
  requestAnimationFrame(() => {
    const card = document.querySelector<HTMLElement>(`[data-file="${id}"]`);
    (card?.querySelector<HTMLElement>("textarea") ?? card)?.focus();
  });
}

/** The ref of what goes while it may have the focus: that goes on to where the next words go, unless something else takes it. */
export function focusLeft(element: HTMLElement | null): () => void {
  return () => {
    if (!element?.contains(document.activeElement)) return;
    requestAnimationFrame(() => {
      if (document.activeElement === document.body) focusComposer();
    });
  };
}
