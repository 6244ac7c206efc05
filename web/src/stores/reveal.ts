import { useEffect } from "react";
import { create } from "zustand";

/** One look at a file that is not shown by itself. */
export type Look = {
  /** Tells this look from every other one. */
  id: string;
  /** Whether the file was already looked at since the conversation was opened. */
  again: boolean;
  /** Nothing of the file shows: it is on its way, or failed, and its tile says what can be done. */
  empty: boolean;
};

type RevealState = {
  /** The files that are uncovered, by their id. */
  looks: Record<number, Look>;
  /** The files that were, whether they still are or not. */
  seen: Record<number, true>;
  /** Uncovers a file, or looks at it afresh. */
  reveal: (mediaId: number) => Look;
  setEmpty: (mediaId: number, empty: boolean) => void;
  hide: (mediaId: number) => void;
  hideAll: () => void;
};

let looked = 0;

/** Media that somebody tapped to see. Forgotten on leaving the conversation, so that nothing stays uncovered. */
export const useReveal = create<RevealState>((set, get) => ({
  looks: {},
  seen: {},
  reveal: (mediaId) => {
    looked += 1;
    const look = { id: `${Date.now().toString(36)}-${looked}`, again: mediaId in get().seen, empty: false };
    set(({ looks, seen }) => ({
      looks: { ...looks, [mediaId]: look },
      seen: { ...seen, [mediaId]: true },
    }));
    return look;
  },
  setEmpty: (mediaId, empty) =>
    set((state) => {
      const look = state.looks[mediaId];
      if (look === undefined || look.empty === empty) return state;
      return { looks: { ...state.looks, [mediaId]: { ...look, empty } } };
    }),
  hide: (mediaId) =>
    set((state) => {
      if (!(mediaId in state.looks)) return state;
      const { [mediaId]: _, ...looks } = state.looks;
      return { looks };
    }),
  hideAll: () => set({ looks: {}, seen: {} }),
}));

/** The current look at a file; null while it is covered. */
export const useCurrentLook = (mediaId: number | undefined): Look | null =>
  useReveal(({ looks }) => (mediaId === undefined ? null : (looks[mediaId] ?? null)));

/** Says that a look shows nothing for as long as the tile stands that uses this. */
export function useEmptyLook(mediaId: number): void {
  useEffect(() => {
    const { setEmpty } = useReveal.getState();
    setEmpty(mediaId, true);
    return () => setEmpty(mediaId, false);
  }, [mediaId]);
}
