import { toast } from "sonner";
import type { MediaFile } from "@/api/types";
import { texts } from "@/texts";

/** Downloads that somebody here started by hand and wants to hear of. */
const watched = new Set<number>();

export function watchDownload(mediaId: number): void {
  watched.add(mediaId);
}

/** Tells the end of a watched download; one that will be tried again is still under way. */
export function reportDownload(media: MediaFile): void {
  if (!watched.has(media.id)) return;
  const id = `media-${media.id}`;
  if (media.downloadStatus === "completed") {
    toast.success(texts.toast.downloaded, { id });
  } else if (media.downloadStatus === "failed" && !media.lastError?.nextAttemptAt) {
    toast.error(texts.toast.downloadFailed(media.lastError?.message ?? texts.media.unknownReason), { id });
  } else {
    return;
  }
  watched.delete(media.id);
}
