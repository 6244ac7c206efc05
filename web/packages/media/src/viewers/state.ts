import { said } from "../lib/said";
import { withDates } from "../lib/sentence";
import type { MediaFile } from "../types";
import type { View } from "./reveal";

/** What a viewer of a file has to show. */
export type MediaState =
  | { kind: "ready"; url: string }
  | { kind: "tap" }
  | { kind: "queued" }
  | { kind: "downloading" }
  | { kind: "failed"; reason: string; retryable: boolean; nextAttemptAt: string | null }
  | { kind: "expired"; reason: string }
  | { kind: "deleted" }
  | { kind: "quarantined" };

/** `view`: somebody asked to see a file that is not fetched by itself. */
export function mediaState(media: MediaFile, view: View | null = null): MediaState {
  if (!media.isActive) return { kind: "deleted" };
  if (media.scanStatus === "quarantined" || media.lastError?.code === "media_quarantined") {
    return { kind: "quarantined" };
  }
  if (media.downloadStatus === "completed") return { kind: "ready", url: media.url };
  // A viewer has bytes of their own, or their own reason why not: what becomes of storing it meanwhile must
  // not take it from before their eyes.
  if (view !== null && media.policy !== "store") return { kind: "ready", url: viewUrl(media, view) };
  if (media.downloadStatus === "failed") return failure(media);
  if (media.policy === "store")
    return { kind: media.downloadStatus === "downloading" ? "downloading" : "queued" };
  return { kind: "tap" };
}

/** Whether a view of this file brings it here from WhatsApp, rather than from storage. */
export function isOnDemand(media: MediaFile): boolean {
  return media.policy !== "store" && media.downloadStatus !== "completed";
}

function failure({ lastError }: MediaFile): MediaState {
  const reason = withDates(said(lastError?.code, lastError?.message ?? ""));
  if (lastError?.code === "media_expired") return { kind: "expired", reason };
  return {
    kind: "failed",
    reason,
    retryable: lastError?.retryable ?? true,
    nextAttemptAt: lastError?.nextAttemptAt ?? null,
  };
}

/** Under `stream` each further view fetches again, which takes a URL that no cache has seen. */
function viewUrl(media: MediaFile, view: View): string {
  if (media.policy !== "stream" || !view.again || media.providerMediaId === null) return media.url;
  return `/api/whatsapp/media/${encodeURIComponent(media.providerMediaId)}?t=${view.id}`;
}

/** How the page's URL names a file beside its message: its own media goes without saying. */
export function partOf(media: MediaFile): { part?: number } {
  return media.part === 0 ? {} : { part: media.part };
}

export function downloadUrl(url: string): string {
  if (url.startsWith("blob:")) return url;
  return `${url}${url.includes("?") ? "&" : "?"}download=1`;
}
