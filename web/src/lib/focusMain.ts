/** Whether nothing that can be seen has the focus. */
export function isFocusLost(): boolean {
  const { activeElement: focused } = document;
  return focused === null || focused === document.body || !focused.checkVisibility();
}

/** What had the focus went with the page before: the keyboard goes on in the content of this one. */
export function focusMainIfLost(): void {
  requestAnimationFrame(() => {
    if (isFocusLost()) document.querySelector<HTMLElement>("main")?.focus({ preventScroll: true });
  });
}
