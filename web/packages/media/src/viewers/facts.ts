import { fileNameOf } from "../lib/fileName";
import { formatBytes, formatDate, formatLength } from "../lib/format";
import { texts } from "../texts";
import type { MediaFile } from "../types";
import { kindOf } from "./kind";

/** What is known of a file before it is here: its kind, and its name, size and length where WhatsApp told them. */
export function factsOf(media: MediaFile): string[] {
  const { fileSize, durationMs } = media;
  const facts = [
    kindOf(media).label,
    fileNameOf(media),
    fileSize === null ? null : formatBytes(fileSize),
    durationMs === null ? null : formatLength(durationMs / 1000),
  ];
  return facts.filter((fact) => fact !== null && fact !== "") as string[];
}

/**
 * Until when WhatsApp has a file of which there is no copy here. Nothing where `reason` already says so, or says that the
 * file was gone before its time.
 */
export function endOfCopy(media: MediaFile, code: string | null, reason: string): string | null {
  if (media.storedAt !== null || YEAR.test(reason)) return null;
  const date = formatDate(media.expiresAt);
  if (Date.parse(media.expiresAt) <= Date.now()) return texts.media.wasKeptUntil(date);
  return code === "media_expired" ? null : texts.media.keptUntil(date);
}

const YEAR = /\b20\d\d\b/;
