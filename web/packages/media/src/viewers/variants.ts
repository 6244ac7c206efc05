import type { MediaFile, Variant } from "../types";

/** What is made of a file beside itself, and where it is read. */

/** The longest side of a picture of each kind, in pixels. */
const LONGEST_SIDE = { thumb: 320, preview: 1280, poster: 1280 } as const;
type PictureKind = keyof typeof LONGEST_SIDE;
type Kind = PictureKind | "peaks" | "playable";

/** Where a variant is read. The server also makes those of a stored file that its record does not list yet. */
export function variantUrl(media: MediaFile, kind: Kind): string {
  const listed = media.variants.find((variant) => variant.kind === kind);
  return listed?.url ?? `${media.url}${media.url.includes("?") ? "&" : "?"}variant=${kind}`;
}

/**
 * The smallest picture of a stored file that is sharp at this width in pixels, else its largest one; never the file itself.
 * Null where no picture can be had.
 */
export function pictureUrl(media: MediaFile, pixels: number): string | null {
  if (!media.isActive || media.downloadStatus !== "completed") return null;
  const listed = media.variants.filter(isPicture);
  const kinds = listed.length > 0 ? listed.map(({ kind }) => kind) : kindsToExpect(media);
  const pictures = kinds
    .map((kind) => ({ url: variantUrl(media, kind), width: widthOf(listed, kind) }))
    .sort((a, b) => a.width - b.width);
  return (pictures.find(({ width }) => width >= pixels) ?? pictures.at(-1))?.url ?? null;
}

/** Where a still of a sticker is, once it was made. */
export function stillUrl(media: MediaFile): string | null {
  return media.variants.find(({ kind }) => kind === "thumb")?.url ?? null;
}

/** The width of a picture of a file where it is known, in pixels. */
export function previewWidth(media: MediaFile): number | null {
  return media.variants.find(({ kind }) => kind === "preview")?.width ?? null;
}

/** Where the form of a file is that every browser plays, once it was made. */
export function playableUrl(media: MediaFile): string | null {
  const made = media.variants.find(({ kind }) => kind === "playable");
  if (made) return made.url;
  return isMadeWhileServed(media) ? variantUrl(media, "playable") : null;
}

/** That of a voice note is there at once, also where it was not examined yet, or nothing examines files. */
function isMadeWhileServed(media: MediaFile): boolean {
  const { isActive, downloadStatus, variantsError } = media;
  return (
    typeOf(media) === "audio/ogg" && isActive && downloadStatus === "completed" && variantsError === null
  );
}

/** Whether a stored file plays here only in another form, as far as its record tells; before it was read only its type does. */
export function mayNeedConversion(media: MediaFile): boolean {
  if (!media.isActive || media.downloadStatus !== "completed") return false;
  return media.unplayable === null ? CONVERTED.test(typeOf(media)) : !isPlayedHere(media.unplayable);
}

const CONVERTED = /^audio\/(amr(-wb)?|3gpp2?)$/;

/**
 * Some browsers play what others lack. Only their "no" is believed, as some say yes to what they then fail to load: that the player
 * finds out.
 */
function isPlayedHere(format: string): boolean {
  const probe = PROBES[format];
  return probe !== undefined && document.createElement("video").canPlayType(probe) !== "";
}

const PROBES: Partial<Record<string, string>> = {
  HEVC: 'video/mp4; codecs="hvc1.1.6.L93.B0"',
  ALAC: 'audio/mp4; codecs="alac"',
};

/** Whether a picture of this type can be shown as it is. Of others, such as HEIC, browsers show the preview only. */
export function isShownByBrowsers(media: MediaFile): boolean {
  return SHOWN.test(typeOf(media));
}

const SHOWN = /^image\/(jpeg|png|webp|gif|avif|bmp)$/;

/**
 * Whether the picture of a document has a place in the thread: the first page of a PDF and what is small of a picture, where it is stored
 * or will be without anybody asking for it; of others, as a video, what was made.
 */
export function hasPage(media: MediaFile): boolean {
  const { fileType, isActive, scanStatus, downloadStatus, policy } = media;
  if (fileType !== "document" || !isActive || scanStatus === "quarantined") return false;
  if (media.variants.some(isPicture)) return downloadStatus === "completed";
  if (media.variantsError !== null || kindsToExpect(media).length === 0) return false;
  return downloadStatus === "completed" || (policy === "store" && downloadStatus !== "failed");
}

/** As what a document can be looked at or listened to here; null where the browser has to open it. */
export function shownAs(media: MediaFile): "image" | "video" | "audio" | null {
  if (media.fileType !== "document" || !media.isActive || media.downloadStatus !== "completed") return null;
  const [family] = typeOf(media).split("/");
  if (family === "video" || family === "audio") return family;
  const isSeen = family === "image" && (pictureUrl(media, 1) !== null || isShownByBrowsers(media));
  return isSeen ? "image" : null;
}

/** Whether a file is looked at as a picture, also where it was sent as a document. */
export function isSeenAsPicture(media: MediaFile): boolean {
  return media.fileType === "image" || media.fileType === "sticker" || shownAs(media) === "image";
}

export function isPdf(media: MediaFile): boolean {
  return typeOf(media) === "application/pdf";
}

/** By its bytes where they were looked at, without parameters; empty where nothing is known. */
export function typeOf({ detectedMimeType, mimeType }: MediaFile): string {
  const type = (detectedMimeType ?? mimeType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  return ALIASES[type] ?? type;
}

const ALIASES: Partial<Record<string, string>> = {
  "application/x-pdf": "application/pdf",
  "image/jpg": "image/jpeg",
  "image/pjpeg": "image/jpeg",
};

function kindsToExpect(media: MediaFile): PictureKind[] {
  switch (media.fileType) {
    case "image":
      return ["thumb", "preview"];
    case "sticker":
      return ["thumb"];
    case "document":
      if (isPdf(media)) return ["preview"];
      return DRAWN.test(typeOf(media)) ? ["thumb", "preview"] : [];
    // A poster is shown where the record lists one; else the player shows the first picture of the video.
    case "video":
    case "audio":
      return [];
  }
}

/** Pictures of which smaller ones are made. */
const DRAWN = /^image\/(jpeg|png|webp|gif|heic|heif)$/;

function isPicture(variant: Variant): variant is Variant & { kind: PictureKind } {
  return variant.kind in LONGEST_SIDE;
}

function widthOf(listed: Variant[], kind: PictureKind): number {
  return listed.find((variant) => variant.kind === kind)?.width ?? LONGEST_SIDE[kind];
}
