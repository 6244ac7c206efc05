import type { LucideIcon } from "lucide-react";
import type { MediaFile } from "@/api/types";
import { documentKind } from "@/features/media/documentKind";
import { fileIcons } from "@/features/message/preview";
import { texts } from "@/texts";

/** What a file is to a person: how it is called, and its icon, which for a document tells more. */
export function kindOf(media: MediaFile): { icon: LucideIcon; label: string } {
  const kind = media.fileType === "audio" && media.voice ? "voice" : media.fileType;
  if (kind === "document") return { icon: documentKind(media).icon, label: texts.media.kind.document };
  return { icon: fileIcons[kind], label: texts.media.kind[kind] };
}
