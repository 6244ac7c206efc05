import { useCallback, useState } from "react";

type Measured = [ref: (element: HTMLElement | null) => (() => void) | undefined, pixels: number | null];

/** The width of an element's inside in pixels, known with the element itself; null until then. */
export const useWidth = (): Measured => useSize("clientWidth");

/** The same for its height. */
export const useHeight = (): Measured => useSize("clientHeight");

function useSize(side: "clientWidth" | "clientHeight"): Measured {
  const [pixels, setPixels] = useState<number | null>(null);
  const measured = useCallback(
    (element: HTMLElement | null) => {
      if (element === null) return undefined;
      const measure = () => setPixels(element[side]);
      measure();
      const observer = new ResizeObserver(measure);
      observer.observe(element);
      return () => observer.disconnect();
    },
    [side],
  );
  return [measured, pixels];
}
