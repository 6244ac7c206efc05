import { said } from "@mediary/media/lib/said";
import { toast } from "sonner";
import type { MediaFile } from "@/api/types";
import { announce } from "@/lib/announce";
import { texts } from "@/texts";

/** Downloads that somebody here started by hand and wants to hear of. */
const watched = new Set<number>();

export function watchDownload(mediaId: number): void {
  watched.add(mediaId);
}

/** Tells what became of a watched download. One that will be tried again is told, too, and stays watched. */
export function reportDownload(media: MediaFile): void {
  if (!watched.has(media.id)) return;
  const id = `media-${media.id}`;
  if (media.downloadStatus === "completed") {
    watched.delete(media.id);
    toast.success(texts.toast.downloaded, { id });
  } else if (media.downloadStatus === "failed") {
    const { code, message = texts.media.unknownReason, nextAttemptAt = null } = media.lastError ?? {};
    if (nextAttemptAt === null) watched.delete(media.id);
    const sentence = texts.toast.downloadFailed(said(code, message));
    toast.error(sentence, { id });
    announce(sentence, "assertive");
  }
}
