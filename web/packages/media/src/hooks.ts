import { useState, useSyncExternalStore } from "react";
import type { GalleryFiles } from "./gallery/files";
import type { GalleryFilter } from "./gallery/list";
import { NO_FILTER } from "./gallery/store";
import { useMediaList } from "./gallery/useMediaGallery";
import { type FileReference, FileSource, type FileState } from "./server/fileSource";

/** A file by its record, which is kept current while it is on its way; and the way to ask again where it could not be had. */
export type WatchedFile = FileState & { retry: () => void };

export const useMediaFile = (mediaId: number): WatchedFile => useFile({ mediaId });

/** A file of a message: its own media, or one of its attachments from part 1 on. */
export const useMediaByMessage = (messageId: number, part = 0): WatchedFile => useFile({ messageId, part });

function useFile(reference: FileReference): WatchedFile {
  const name = JSON.stringify(reference);
  const [kept, keep] = useState(() => ({ name, source: new FileSource(reference) }));
  let current = kept;
  if (kept.name !== name) {
    current = { name, source: new FileSource(reference) };
    keep(current);
  }
  const { source } = current;
  const state = useSyncExternalStore(source.subscribe, source.state);
  return { ...state, retry: source.retry };
}

/** Everything in a conversation, newest first. */
export function useMediaByConversation(
  conversationId: number,
  filter: Partial<GalleryFilter> = {},
): GalleryFiles & { isPending: boolean } {
  const list = { scope: conversationId, filter: { ...NO_FILTER, ...filter } };
  return useMediaList({ ...list, sort: "date", order: "desc", start: null });
}
