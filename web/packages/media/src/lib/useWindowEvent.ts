import { useEffect, useEffectEvent } from "react";

/** Hears what happens in the window, whatever has the focus. `capture` is before anything in the page hears it. */
export function useWindowEvent<Name extends keyof WindowEventMap>(
  name: Name,
  handler: (event: WindowEventMap[Name]) => void,
  capture = false,
): void {
  const handle = useEffectEvent(handler);
  useEffect(() => {
    const listener = (event: WindowEventMap[Name]) => handle(event);
    window.addEventListener(name, listener, { capture });
    return () => window.removeEventListener(name, listener, { capture });
  }, [name, capture]);
}
