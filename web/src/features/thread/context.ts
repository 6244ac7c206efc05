import { createContext, use } from "react";
import type { Conversation, Message } from "@/api/types";

type ThreadContextValue = {
  conversation: Conversation | undefined;
  jumpTo: (messageId: number) => void;
  /** Asks where a message is to go on to. The rows of a thread come and go; what is asked must not. */
  forward: (message: Message) => void;
};

/** What every bubble of one thread shares. */
export const ThreadContext = createContext<ThreadContextValue>({
  conversation: undefined,
  jumpTo: () => {},
  forward: () => {},
});

export function useThreadContext(): ThreadContextValue {
  return use(ThreadContext);
}

/** A position in the thread that was asked for; the number tells two requests for the same position apart. */
export type JumpRequest = { messageId: number; request: number };
