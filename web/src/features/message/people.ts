import { plainName } from "@mediary/media/lib/bidi";
import type { Conversation, Message } from "@/api/types";
import { contactName } from "@/features/message/contact";
import { texts } from "@/texts";

/** Who reacted. WhatsApp names people by number. */
export function reactorOf(from: string, message: Message, conversation: Conversation | undefined): string {
  const contact = conversation?.contact;
  const ids = [contact?.waId, contact?.phone, contact?.userId].map((id) => id?.replace(/^\+/, ""));
  const digits = from.replace(/^\+/, "");
  if (contact && ids.includes(digits)) return contactName(contact);
  return digits === oursOn(message) ? texts.contact.you : from;
}

/** Our number, as a message names it. */
export function oursOn({ direction, senderPhone, receivingPhone }: Message): string {
  return ((direction === "outbound" ? senderPhone : receivingPhone) ?? "").replace(/^\+/, "");
}

export function senderOf(message: Message, conversation: Conversation | undefined): string {
  if (message.direction === "outbound") return texts.contact.you;
  const name = plainName(message.senderName ?? "").trim();
  return name || (conversation ? contactName(conversation.contact) : texts.contact.unnamed);
}
