import { create } from "zustand";
import type { MediaFile } from "../types";

/** What the page around the viewers does for them. Everything has a default, so that a page may know of nothing but its files. */
export type MediaServices = {
  /** Whether the person may start a download by hand. */
  mayAct: () => boolean;
  /** Opens a picture large; without it a click on one opens it in a tab of its own. */
  openLarge: ((media: MediaFile) => void) | null;
  /** A newer record of a file has come. */
  onRecord: (media: MediaFile) => void;
  /** A download was started by hand, or could not be; without it the place of the file says why not. */
  onDownload: ((media: MediaFile, error: Error | null) => void) | null;
};

/** The newest records that the viewers themselves came by, for others that show the same files. */
export const useRecords = create<{ byId: ReadonlyMap<number, MediaFile> }>(() => ({ byId: new Map() }));

const RECORDS_MAX = 500;

/** Remembers a record for all who show the file. */
export function keepRecord(media: MediaFile): void {
  useRecords.setState(({ byId }) => {
    const next = new Map(byId);
    next.delete(media.id);
    next.set(media.id, media);
    const [oldest] = next.keys();
    if (next.size > RECORDS_MAX && oldest !== undefined) next.delete(oldest);
    return { byId: next };
  });
}

const NONE: MediaServices = {
  mayAct: () => true,
  openLarge: null,
  onRecord: keepRecord,
  onDownload: null,
};

export let services: MediaServices = NONE;

export function provideServices(own: Partial<MediaServices>): void {
  services = { ...NONE, ...own };
}

/**
 * Since when the server is known to be there, zero while it is away: one that is back may have what it did not give. A page that listens to
 * Mediary's events says so.
 */
export const useReach = create<{ since: number }>(() => ({ since: 0 }));
