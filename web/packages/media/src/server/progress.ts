import { create } from "zustand";

export type Progress = { bytesDownloaded: number; fileSize: number | null };

type ProgressState = {
  byMedia: Record<number, Progress>;
  set: (mediaId: number, progress: Progress) => void;
  clear: (mediaId: number) => void;
};

/** Bytes of running downloads. Outside the query cache, so that a tick renders one tile and not its thread. */
export const useProgress = create<ProgressState>((set) => ({
  byMedia: {},
  set: (mediaId, progress) => set((state) => ({ byMedia: { ...state.byMedia, [mediaId]: progress } })),
  clear: (mediaId) =>
    set((state) => {
      if (!(mediaId in state.byMedia)) return state;
      const { [mediaId]: _, ...byMedia } = state.byMedia;
      return { byMedia };
    }),
}));
