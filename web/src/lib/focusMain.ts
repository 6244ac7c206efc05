/** What had the focus went with the page before: the keyboard goes on in the content of this one. */
export function focusMainIfLost(): void {
  requestAnimationFrame(() => {
    const focused = document.activeElement;
    if (focused === null || focused === document.body) {
      document.querySelector<HTMLElement>("main")?.focus({ preventScroll: true });
    }
  });
}
