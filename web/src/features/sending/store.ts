import { create } from "zustand";
import { useShallow } from "zustand/react/shallow";
import { type OutboxAction, type Outgoing, outboxReducer } from "@/features/sending/outbox";

type OutboxState = {
  items: Outgoing[];
  /** How much of each request has left, from 0 to 1; apart from the items, so that a tick renders one bar and not a thread. */
  progress: Record<string, number>;
  dispatch: (action: OutboxAction) => void;
  setProgress: (clientId: string, share: number) => void;
};

/** What this page has still to hand over to the server. In memory alone: files would not fit anywhere else. */
export const useOutbox = create<OutboxState>((set) => ({
  items: [],
  progress: {},
  dispatch: (action) =>
    set((state) => {
      const items = outboxReducer(state.items, action);
      if (!("clientId" in action) || action.clientId === undefined) return { items };
      // Each attempt starts from nothing.
      const { [action.clientId]: _, ...progress } = state.progress;
      return { items, progress };
    }),
  setProgress: (clientId, share) => set(({ progress }) => ({ progress: { ...progress, [clientId]: share } })),
}));

/** What a conversation shows below its messages, oldest first. */
export function useOutgoing(conversationId: number): Outgoing[] {
  return useOutbox(
    useShallow(({ items }) =>
      items.filter((item) => item.conversationId === conversationId && item.content.type !== "reaction"),
    ),
  );
}

/** The reaction to a message that is on its way; an empty one takes it back. */
export function useOutgoingReaction(messageId: number): Outgoing | null {
  return useOutbox(
    ({ items }) =>
      items.findLast((item) => item.replyTo === messageId && item.content.type === "reaction") ?? null,
  );
}
