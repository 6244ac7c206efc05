import { createContext, use } from "react";
import type { Conversation, Message } from "@/api/types";
import { contactName } from "@/lib/contact";
import { texts } from "@/texts";

type ThreadContextValue = {
  conversation: Conversation | undefined;
  jumpTo: (messageId: number) => void;
};

/** What every bubble of one thread shares. */
export const ThreadContext = createContext<ThreadContextValue>({ conversation: undefined, jumpTo: () => {} });

export function useThreadContext(): ThreadContextValue {
  return use(ThreadContext);
}

/** Who reacted. WhatsApp names people by number. */
export function reactorOf(from: string, message: Message, conversation: Conversation | undefined): string {
  const contact = conversation?.contact;
  const ids = [contact?.waId, contact?.phone, contact?.userId].map((id) => id?.replace(/^\+/, ""));
  const ours = message.direction === "outbound" ? message.senderPhone : message.receivingPhone;
  const digits = from.replace(/^\+/, "");
  if (contact && ids.includes(digits)) return contactName(contact);
  return digits === ours?.replace(/^\+/, "") ? texts.contact.you : from;
}

export function senderOf(message: Message, conversation: Conversation | undefined): string {
  if (message.direction === "outbound") return texts.contact.you;
  return message.senderName ?? (conversation ? contactName(conversation.contact) : texts.contact.unnamed);
}
