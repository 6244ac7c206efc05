import { useSyncExternalStore } from "react";

const EVENTS = ["focus", "blur"] as const;

/** Whether somebody is looking: the tab is in front and its window has the focus. */
export function useWindowFocus(): boolean {
  return useSyncExternalStore(subscribe, () => document.visibilityState === "visible" && document.hasFocus());
}

function subscribe(changed: () => void): () => void {
  for (const event of EVENTS) window.addEventListener(event, changed);
  document.addEventListener("visibilitychange", changed);
  return () => {
    for (const event of EVENTS) window.removeEventListener(event, changed);
    document.removeEventListener("visibilitychange", changed);
  };
}
