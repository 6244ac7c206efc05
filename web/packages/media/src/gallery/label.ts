import { fileNameOf } from "../lib/fileName";
import { formatBytes, formatDateTime, formatLength } from "../lib/format";
import { texts } from "../texts";
import type { MediaFile } from "../types";
import { kindOf } from "../viewers/kind";
import { mediaState } from "../viewers/state";

/** What a screen reader says of a file: what it is, its length or size, when it came, and what is wrong with it. */
export function labelOf(media: MediaFile): string {
  const { durationMs, fileSize } = media;
  const facts = [
    kindOf(media).label,
    fileNameOf(media),
    durationMs === null ? null : formatLength(durationMs / 1000),
    fileSize === null ? null : formatBytes(fileSize),
    formatDateTime(media.createdAt),
    stateOf(media),
  ];
  return facts.filter(Boolean).join(", ");
}

/** What stands in the way of seeing a file; null where nothing does. */
export function stateOf(media: MediaFile): string | null {
  const state = mediaState(media);
  switch (state.kind) {
    case "ready":
      return null;
    case "tap":
      return texts.gallery.status.pending;
    case "queued":
      return texts.gallery.status.pending;
    case "downloading":
      return texts.gallery.status.downloading;
    case "quarantined":
      return texts.gallery.heldBack;
    case "deleted":
      return texts.media.deleted;
    case "expired":
      return texts.gallery.gone;
    case "failed":
      return texts.gallery.status.failed;
  }
}
