import { type RefCallback, useCallback, useState } from "react";

/** How far outside of the window counts as in view, so that it is there when it is scrolled to. */
const MARGIN = "200px";

/** Whether an element has come into view, now or before. */
export function useInView(): [RefCallback<Element>, boolean] {
  const [seen, setSeen] = useState(false);
  const ref = useCallback((element: Element | null) => {
    if (element === null) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        observer.disconnect();
        setSeen(true);
      },
      { rootMargin: MARGIN },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, seen];
}
