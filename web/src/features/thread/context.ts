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

export function senderOf(message: Message, conversation: Conversation | undefined): string {
  if (message.direction === "outbound") return texts.contact.you;
  return message.senderName ?? (conversation ? contactName(conversation.contact) : texts.contact.unnamed);
}
