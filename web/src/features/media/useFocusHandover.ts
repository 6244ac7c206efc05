import { type RefObject, useLayoutEffect, useRef } from "react";

/** The file whose focused part has just gone, until what takes its place is there. */
let waiting: number | null = null;

/**
 * A tile that becomes its file, or the other way round, is another element: without this a keyboard user would
 * be back at the top of the page. The focus goes to the first control in the new one, or to the new one itself.
 */
export function useFocusHandover<T extends HTMLElement>(mediaId: number): RefObject<T | null> {
  const ref = useRef<T>(null);
  useLayoutEffect(() => {
    const element = ref.current;
    if (waiting === mediaId && element) {
      waiting = null;
      const control = element.matches("a, button")
        ? element
        : element.querySelector<HTMLElement>("a, button");
      (control ?? element).focus({ preventScroll: true });
    }
    return () => {
      if (!element?.contains(document.activeElement)) return;
      waiting = mediaId;
      // Whatever takes its place does so at once, or not at all.
      queueMicrotask(() => {
        if (waiting === mediaId) waiting = null;
      });
    };
  }, [mediaId]);
  return ref;
}
