import { useCallback, useSyncExternalStore } from "react";

const MINUTE_MS = 60_000;
/** A timer may go off a moment early; asked again at once it would spin. */
const TICK_MIN_MS = 20;

let minute = new Date();

/** The current time, fresh once a minute, so that "Today" becomes "Yesterday" in a window left open. */
export function useNow(): Date {
  return useSyncExternalStore(everyMinute, thisMinute);
}

function everyMinute(changed: () => void): () => void {
  const timer = setInterval(changed, MINUTE_MS);
  return () => clearInterval(timer);
}

function thisMinute(): Date {
  const now = new Date();
  if (minuteOf(now) !== minuteOf(minute)) minute = now;
  return minute;
}

function minuteOf(time: Date): number {
  return Math.floor(time.getTime() / MINUTE_MS);
}

/** Whole seconds until a moment, counted down; zero where there is none, or it has passed. */
export function useSecondsUntil(moment: number | null): number {
  const subscribe = useCallback(
    (changed: () => void) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const next = () => {
        const left = (moment ?? 0) - Date.now();
        if (left <= 0) return;
        timer = setTimeout(
          () => {
            changed();
            next();
          },
          Math.max(TICK_MIN_MS, left % 1000 || 1000),
        );
      };
      next();
      return () => clearTimeout(timer);
    },
    [moment],
  );
  return useSyncExternalStore(subscribe, () =>
    moment === null ? 0 : Math.max(0, Math.ceil((moment - Date.now()) / 1000)),
  );
}
