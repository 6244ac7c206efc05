import { create } from "zustand";

type RevealState = {
  /** How often each media was asked for; absent means still hidden. */
  taps: Record<number, number>;
  reveal: (mediaId: number) => void;
  hide: (mediaId: number) => void;
  hideAll: () => void;
};

/** Media that somebody tapped to see. Forgotten on leaving the conversation, so that nothing stays uncovered. */
export const useReveal = create<RevealState>((set) => ({
  taps: {},
  reveal: (mediaId) => set(({ taps }) => ({ taps: { ...taps, [mediaId]: (taps[mediaId] ?? 0) + 1 } })),
  hide: (mediaId) =>
    set(({ taps }) => {
      const { [mediaId]: _, ...rest } = taps;
      return { taps: rest };
    }),
  hideAll: () => set({ taps: {} }),
}));
