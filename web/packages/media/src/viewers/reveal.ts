import { create } from "zustand";

/** One view of a file that is not shown by itself. */
export type View = {
  /** Tells this view from every other one. */
  id: string;
  /** Whether the file was already looked at since the conversation was opened. */
  again: boolean;
  /** Nothing of the file shows: it is on its way, or failed, and its tile says what can be done. */
  empty: boolean;
};

type RevealState = {
  /** The files that are uncovered, by their id. */
  views: Record<number, View>;
  /** The files that were, whether they still are or not. */
  seen: Record<number, true>;
  /** Uncovers a file, or fetches it again. */
  reveal: (mediaId: number) => View;
  setEmpty: (mediaId: number, empty: boolean) => void;
  hide: (mediaId: number) => void;
  hideAll: () => void;
};

let viewed = 0;

/** Media that somebody tapped to see. Cleared on leaving the conversation, so that nothing stays uncovered. */
export const useReveal = create<RevealState>((set, get) => ({
  views: {},
  seen: {},
  reveal: (mediaId) => {
    viewed += 1;
    const view = { id: `${Date.now().toString(36)}-${viewed}`, again: mediaId in get().seen, empty: false };
    set(({ views, seen }) => ({
      views: { ...views, [mediaId]: view },
      seen: { ...seen, [mediaId]: true },
    }));
    return view;
  },
  setEmpty: (mediaId, empty) =>
    set((state) => {
      const view = state.views[mediaId];
      if (view === undefined || view.empty === empty) return state;
      return { views: { ...state.views, [mediaId]: { ...view, empty } } };
    }),
  hide: (mediaId) =>
    set((state) => {
      if (!(mediaId in state.views)) return state;
      const { [mediaId]: _, ...views } = state.views;
      return { views };
    }),
  hideAll: () => set({ views: {}, seen: {} }),
}));

/** The current view of a file; null while it is covered. */
export const useCurrentView = (mediaId: number | undefined): View | null =>
  useReveal(({ views }) => (mediaId === undefined ? null : (views[mediaId] ?? null)));

/** Says that a view shows nothing, until the function that it returns is called. */
export function markEmpty(mediaId: number): () => void {
  const { setEmpty } = useReveal.getState();
  setEmpty(mediaId, true);
  return () => setEmpty(mediaId, false);
}
