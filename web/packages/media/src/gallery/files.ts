import type { MediaFile } from "../types";

/** The files of a gallery as far as they are loaded, in its order, and the ways to load more of them, wherever they are kept. */
export type GalleryFiles = {
  files: MediaFile[];
  /** Where in the list a file stands, by its id. */
  indexes: ReadonlyMap<number, number>;
  byMonth: boolean;
  /** Something is being loaded. */
  busy: boolean;
  /** There are more below. */
  hasMore: boolean;
  /** Why nothing could be loaded at all. */
  error: Error | null;
  retry: () => void;
  /** Loads again what could not be loaded beside the rest; null where nothing failed. */
  retryMore: (() => void) | null;
  loadAfter: () => void;
  loadBefore: () => void;
};

/** A file that came while pages were fetched may stand on two of them. Files of the library belong to no message. */
export function uniqueFiles(files: MediaFile[]): MediaFile[] {
  const seen = new Set<number>();
  return files.filter(({ id, messageId }) => messageId !== null && !seen.has(id) && seen.add(id));
}

export function indexesOf(files: MediaFile[]): ReadonlyMap<number, number> {
  return new Map(files.map(({ id }, at) => [id, at]));
}
