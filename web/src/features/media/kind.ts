import type { LucideIcon } from "lucide-react";
import type { MediaFile } from "@/api/types";
import { fileIcons } from "@/features/conversations/preview";
import { texts } from "@/texts";

export function kindOf(media: MediaFile): { icon: LucideIcon; label: string } {
  const kind = media.fileType === "audio" && media.voice ? "voice" : media.fileType;
  return { icon: fileIcons[kind], label: texts.media.kind[kind] };
}
