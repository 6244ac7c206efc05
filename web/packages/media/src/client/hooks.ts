import { useState, useSyncExternalStore } from "react";
import type { GalleryFiles } from "../gallery/files";
import type { GalleryFilter } from "../gallery/list";
import { NO_FILTER } from "../gallery/store";
import { useMediaList } from "../gallery/useMediaGallery";
import { useAnswer } from "../lib/useAnswer";
import { api } from "../server/client";
import type { MediaFile } from "../types";
import type { About } from "../viewers/neighbours";
import { type FileReference, FileSource, type FileState } from "./fileSource";

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

type Words = {
  direction: string;
  senderName: string | null;
  senderPhone: string | null;
  timestamp: string;
  caption: string | null;
};

/** Who sent a file, and what they wrote with it; null until it is known, and where it cannot be. */
export function useAbout(media: MediaFile | null): About | null {
  const name = media === null ? null : `message ${media.messageId}`;
  return useAnswer(name, async (signal) => {
    const words = await api.get<Words>(`/api/messages/${media?.messageId}`, { signal }).catch(() => null);
    if (words === null) return null;
    const { direction, senderName, senderPhone, timestamp, caption } = words;
    // Of what was sent from here nobody has to say who sent it.
    const sender = direction === "outbound" ? "" : (senderName ?? senderPhone ?? "");
    return { sender, timestamp, caption };
  });
}
