import { create } from "zustand";
import type { SearchPlace } from "@/api/search";

/** The last search, for the way back to it. */
type SearchState = {
  words: string;
  /** Null is everywhere. */
  place: SearchPlace | null;
  /** The hit in hand, by its key. */
  current: string | null;
};

const NOTHING: SearchState = { words: "", place: null, current: null };

export const useLastSearch = create<SearchState>(() => NOTHING);

export const keepSearch = (fields: Partial<SearchState>): void => useLastSearch.setState(fields);

export const forgetSearch = (): void => useLastSearch.setState(NOTHING);
