import { FileText, Headphones, Image, type LucideIcon, Mic, Sticker, Video } from "lucide-react";
import { texts } from "../texts";
import type { FileType, MediaFile } from "../types";
import { documentKind } from "./documentKind";

export const fileIcons: Record<FileType | "voice", LucideIcon> = {
  image: Image,
  video: Video,
  audio: Headphones,
  voice: Mic,
  document: FileText,
  sticker: Sticker,
};

/** What a file is to a person: how it is called, and its icon, which for a document tells more. */
export function kindOf(media: MediaFile): { icon: LucideIcon; label: string } {
  const kind = media.fileType === "audio" && media.voice ? "voice" : media.fileType;
  if (kind === "document") return { icon: documentKind(media).icon, label: texts.media.kind.document };
  return { icon: fileIcons[kind], label: texts.media.kind[kind] };
}
