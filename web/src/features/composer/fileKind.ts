import { formatBytes } from "@mediary/media/lib/format";
import type { FileType } from "@/api/types";
import { texts } from "@/texts";

/** As what WhatsApp takes a file, and why it would refuse it: known before a byte leaves. The server still proves it by the bytes. */

/** Bytes; WhatsApp counts in units of 10^3. */
const LIMITS: Record<FileType, number> = {
  image: 5_000_000,
  video: 16_000_000,
  audio: 16_000_000,
  document: 100_000_000,
  sticker: 100_000,
};
const ANIMATED_STICKER_MAX = 500_000;
/** Longer videos the server does not convert. */
const CONVERTED_VIDEO_MAX_MS = 10 * 60_000;
/** Characters. */
export const CAPTION_MAX = 1_024;
export const TEXT_MAX = 4_096;

type Carried = {
  /** The first is what the file is sent as unless somebody chooses. */
  as: readonly FileType[];
  /** Of these the server makes a type that WhatsApp carries. */
  converted?: readonly FileType[];
};

const photo: Carried = { as: ["image", "document"] };
const video: Carried = { as: ["video", "document"] };
const sound: Carried = { as: ["audio", "document"] };
const paper: Carried = { as: ["document"] };
const office = "application/vnd.openxmlformats-officedocument.";

const CARRIED: Partial<Record<string, Carried>> = {
  "image/jpeg": photo,
  "image/png": photo,
  "image/webp": { as: ["image", "sticker", "document"], converted: ["image"] },
  "image/heic": { as: ["image"], converted: ["image"] },
  "image/heif": { as: ["image"], converted: ["image"] },
  "image/gif": { as: ["image"], converted: ["image"] },
  "image/bmp": { as: ["image"], converted: ["image"] },
  "video/mp4": video,
  "video/3gpp": video,
  "video/webm": { as: ["video"], converted: ["video"] },
  "video/quicktime": { as: ["video"], converted: ["video"] },
  "video/x-matroska": { as: ["video"], converted: ["video"] },
  "audio/aac": sound,
  "audio/amr": sound,
  "audio/mpeg": sound,
  "audio/mp4": sound,
  "audio/ogg": sound,
  "audio/webm": { as: ["audio"], converted: ["audio"] },
  "audio/wav": { as: ["audio"], converted: ["audio"] },
  "text/plain": paper,
  "text/csv": paper,
  "application/pdf": paper,
  "application/msword": paper,
  "application/vnd.ms-excel": paper,
  "application/vnd.ms-powerpoint": paper,
  [`${office}wordprocessingml.document`]: paper,
  [`${office}spreadsheetml.sheet`]: paper,
  [`${office}presentationml.presentation`]: paper,
};

/** Other names of the same types. */
const ALIASES: Partial<Record<string, string>> = {
  "image/jpg": "image/jpeg",
  "audio/mp3": "audio/mpeg",
  "audio/m4a": "audio/mp4",
  "audio/x-m4a": "audio/mp4",
  "audio/x-wav": "audio/wav",
  "audio/wave": "audio/wav",
  "audio/vnd.wave": "audio/wav",
  "image/x-ms-bmp": "image/bmp",
  "video/matroska": "video/x-matroska",
  "audio/opus": "audio/ogg",
  "audio/x-aac": "audio/aac",
  "application/x-pdf": "application/pdf",
};

/** For files of which the browser knows no type. */
const BY_ENDING: Partial<Record<string, string>> = {
  heic: "image/heic",
  heif: "image/heif",
  "3gp": "video/3gpp",
  amr: "audio/amr",
  m4a: "audio/mp4",
  opus: "audio/ogg",
  mov: "video/quicktime",
  mkv: "video/x-matroska",
  csv: "text/csv",
  docx: `${office}wordprocessingml.document`,
  xlsx: `${office}spreadsheetml.sheet`,
  pptx: `${office}presentationml.presentation`,
};

type Named = { name: string; type: string };

export type FileFacts = Named & {
  size: number;
  animated: boolean;
  durationMs: number | null;
};

export function mimeOf({ name, type }: Named): string {
  const base = type.split(";")[0]?.trim().toLowerCase() ?? "";
  const ending = name.split(".").at(-1)?.toLowerCase() ?? "";
  const known = base === "" || base === "application/octet-stream" ? (BY_ENDING[ending] ?? base) : base;
  return ALIASES[known] ?? known;
}

/** As what a file can be sent; empty where WhatsApp does not carry it. */
export function choicesFor(file: Named): readonly FileType[] {
  return CARRIED[mimeOf(file)]?.as ?? [];
}

/** What the server makes of a file before it sends it, so that WhatsApp takes it. */
export type Conversion = "otherType" | "smaller";

export function conversionOf(file: FileFacts, as: FileType): Conversion | null {
  if (CARRIED[mimeOf(file)]?.converted?.includes(as)) return "otherType";
  const canShrink = as === "image" || as === "video" || as === "sticker";
  return canShrink && file.size > limitOf(as, file.animated) ? "smaller" : null;
}

export const takesCaption = (as: FileType): boolean => as !== "audio" && as !== "sticker";

/** Characters as WhatsApp counts them: an emoji outside the first plane is one. */
export const lengthOf = (text: string): number => [...text].length;

export type FileProblem = {
  sentence: string;
  /** As what it can be sent instead. */
  instead: FileType | null;
};

/** Why WhatsApp would refuse a file; null if it would take it, or what the server makes of it. */
export function problemOf(file: FileFacts, as: FileType): FileProblem | null {
  const { problem } = texts.composer;
  if (file.size === 0) return { sentence: problem.empty, instead: null };
  if (!choicesFor(file).includes(as)) return { sentence: problem.notCarried, instead: null };
  const instead = as !== "document" && fitsAsDocument(file) ? "document" : null;
  const size = formatBytes(file.size);
  if (conversionOf(file, as) === null) {
    const limit = limitOf(as, file.animated);
    if (file.size <= limit) return null;
    return { sentence: problem.tooLarge(texts.composer.as[as], formatBytes(limit), size), instead };
  }
  if (file.size > LIMITS.document) {
    return { sentence: problem.tooLargeToConvert(formatBytes(LIMITS.document), size), instead };
  }
  const tooLong = as === "video" && (file.durationMs ?? 0) > CONVERTED_VIDEO_MAX_MS;
  return tooLong ? { sentence: problem.tooLongToConvert, instead } : null;
}

function fitsAsDocument(file: FileFacts): boolean {
  return choicesFor(file).includes("document") && file.size <= LIMITS.document;
}

function limitOf(as: FileType, animated: boolean): number {
  return as === "sticker" && animated ? ANIMATED_STICKER_MAX : LIMITS[as];
}
