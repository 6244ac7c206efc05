import type { MediaFile } from "../types";

/** What is looked at large, and what lies to its left and right. */
export type Neighbours = {
  current: MediaFile | undefined;
  error: Error | null;
  retry: () => void;
  before: MediaFile | undefined;
  after: MediaFile | undefined;
  /** Of those that are known. */
  first: MediaFile | undefined;
  last: MediaFile | undefined;
  /** Counted from the first; only where all are known. */
  counter: { at: number; of: number } | null;
};

/** Who sent a file, and what they wrote with it. */
export type About = { sender: string; timestamp: string; caption: string | null };
