import { createContext, use } from "react";
import type { Conversation, Message } from "@/api/types";

type ThreadContextValue = {
  conversation: Conversation | undefined;
  jumpTo: (messageId: number) => void;
  /** Asks where a message is to go on to. The rows of a thread come and go; what is asked must not. */
  forward: (message: Message) => void;
  /** The highlight of the message that was jumped to is over. */
  faded: () => void;
};

/** What every bubble of one thread shares. */
export const ThreadContext = createContext<ThreadContextValue>({
  conversation: undefined,
  jumpTo: () => {},
  forward: () => {},
  faded: () => {},
});

export function useThreadContext(): ThreadContextValue {
  return use(ThreadContext);
}
