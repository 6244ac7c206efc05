import { plainWords } from "@mediary/media/lib/bidi";
import { fileNameOf } from "@mediary/media/lib/fileName";
import { fileIcons } from "@mediary/media/viewers/kind";
import {
  CircleSlash,
  Contact as ContactIcon,
  Info,
  type LucideIcon,
  MapPin,
  MessageSquareReply,
  MessageSquareX,
  ShoppingBag,
  Smile,
} from "lucide-react";
import type { FileType, Message, MessageType } from "@/api/types";
import { texts } from "@/texts";

export type Preview = { icon: LucideIcon | null; text: string };

/** One line about a message: an icon for its kind, and its own words where it has some. */
export function previewOf(message: Message): Preview {
  if (message.revoked) return { icon: CircleSlash, text: texts.preview.revoked };
  const { icon, label } = kindOf(message);
  const words = message.caption || message.text;
  const name = message.media && fileNameOf(message.media);
  return { icon, text: (words && plainWords(words)) || name || label };
}

const others: Partial<Record<MessageType, LucideIcon>> = {
  location: MapPin,
  contacts: ContactIcon,
  order: ShoppingBag,
  interactive: MessageSquareReply,
  button: MessageSquareReply,
  system: Info,
  unsupported: MessageSquareX,
};

function kindOf(message: Message): { icon: LucideIcon | null; label: string } {
  const { type } = message;
  if (type === "text") return { icon: null, label: texts.message.noText };
  if (type === "reaction") return { icon: Smile, label: texts.preview.reaction("") };
  if (type === "audio") {
    const kind = message.media?.voice ? "voice" : "audio";
    return { icon: fileIcons[kind], label: texts.preview[kind] };
  }
  if (type in fileIcons) return { icon: fileIcons[type as FileType], label: texts.preview[type as FileType] };
  const label = texts.preview[type as keyof typeof texts.preview];
  return { icon: others[type] ?? null, label: typeof label === "string" ? label : texts.preview.unsupported };
}
