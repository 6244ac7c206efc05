import { create } from "zustand";

/** One look at a file that is not shown by itself. */
export type Look = {
  /** Tells this look from every other one. */
  id: string;
  /** Whether the file was already looked at since the conversation was opened. */
  again: boolean;
  /** Looking again would not help: the file is gone. */
  final: boolean;
};

type RevealState = {
  /** The files that are uncovered, by their id. */
  looks: Record<number, Look>;
  /** The files that were, whether they still are or not. */
  seen: Record<number, true>;
  /** Uncovers a file, or looks at it afresh. */
  reveal: (mediaId: number) => Look;
  /** Says that a look was in vain, and further ones would be. */
  giveUp: (mediaId: number) => void;
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
    const look = { id: `${Date.now().toString(36)}-${looked}`, again: mediaId in get().seen, final: false };
    set(({ looks, seen }) => ({
      looks: { ...looks, [mediaId]: look },
      seen: { ...seen, [mediaId]: true },
    }));
    return look;
  },
  giveUp: (mediaId) =>
    set((state) => {
      const look = state.looks[mediaId];
      return look ? { looks: { ...state.looks, [mediaId]: { ...look, final: true } } } : state;
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
