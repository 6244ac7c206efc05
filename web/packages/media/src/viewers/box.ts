import type { MediaFile } from "../types";
import { hasPage } from "./variants";

/** The place a file takes in the thread, known before its first byte, so that nothing ever jumps. */
export type Box = { width: number; height: number };

const PICTURE = { maxWidth: 320, maxHeight: 380, minWidth: 220, minHeight: 150 };
const UNKNOWN_PICTURE: Box = { width: 300, height: 225 };
const STICKER: Box = { width: 160, height: 160 };
const CARD: Box = { width: 300, height: 64 };
/** Of a first page as much is shown as tells which document it is. */
export const PAGE_HEIGHT = 150;

/** How much of a side may be cut off before the picture is shown whole instead. */
const CUT_MAX = 1.5;

/** Whether a picture has to be shown whole in its place: filled, most of it would be cut off, or a few pixels blown up. */
export function isShownWhole({ width, height }: MediaFile, box: Box): boolean {
  if (!width || !height) return false;
  const [wide, high] = [box.width / width, box.height / height];
  const isSmall = wide > 1 && high > 1;
  return isSmall || Math.max(wide, high) / Math.min(wide, high) > CUT_MAX;
}

export function mediaBox(media: MediaFile): Box {
  if (media.fileType === "sticker") return STICKER;
  if (hasPage(media)) return { ...CARD, height: CARD.height + PAGE_HEIGHT };
  if (media.fileType === "audio" || media.fileType === "document") return CARD;
  const { width, height } = media;
  if (!width || !height) return UNKNOWN_PICTURE;
  const scale = Math.min(1, PICTURE.maxWidth / width, PICTURE.maxHeight / height);
  return {
    width: Math.round(Math.max(PICTURE.minWidth, width * scale)),
    height: Math.round(Math.max(PICTURE.minHeight, height * scale)),
  };
}
