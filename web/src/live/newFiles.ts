import { create } from "zustand";
import type { MediaFile } from "@/api/types";

/** Files that are remembered; of more than these only that there are many. */
const KEPT_MAX = 200;

/** Files that came in while a list of files is open: the list says so, and shows them when its reader asks for that. */
export const useNewFiles = create<{ files: readonly MediaFile[] }>(() => ({ files: [] }));

export function noteNewFile(media: MediaFile): void {
  useNewFiles.setState(({ files }) => ({
    files: [...files.filter(({ id }) => id !== media.id), media].slice(-KEPT_MAX),
  }));
}

export function forgetNewFiles(ids: ReadonlySet<number>): void {
  useNewFiles.setState(({ files }) => ({ files: files.filter(({ id }) => !ids.has(id)) }));
}
