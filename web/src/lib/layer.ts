import { type HistoryState, useRouter } from "@tanstack/react-router";

/** What opens over a page and has its place in the URL. */
type Layer = "details" | "file" | "gallery" | "view" | "search";

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** Which entry of the history each layer that is open now was opened from. */
    beneath?: Partial<Record<Layer, number>>;
  }
}

/** Where an entry stands in the history, as the router counts. */
type Index = { __TSR_index: number };

/** The state of the entry that opens a layer. Entries that follow while it is open keep it (`state: true`). */
export function opening(layer: Layer): (before: HistoryState & Index) => HistoryState {
  return ({ beneath, __TSR_index: index }) => ({ beneath: { ...beneath, [layer]: index } });
}

/**
 * Closes a layer by going back to where it was opened, so that no entry is left that the browser's Back would have to go through, and
 * does `after` there. One that came open with its page, as by a link, has nothing beneath it: `otherwise` closes that.
 */
export function useCloseLayer(layer: Layer, otherwise: () => void): (after?: () => void) => void {
  const { history } = useRouter();
  return (after) => {
    const { beneath, __TSR_index: index } = history.location.state;
    const from = beneath?.[layer];
    if (from === undefined || from >= index) {
      otherwise();
      return after?.();
    }
    if (after) {
      const stop = history.subscribe(() => {
        stop();
        after();
      });
    }
    history.go(from - index);
  };
}
