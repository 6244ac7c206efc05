import { EmptyState, ErrorState, Skeleton } from "@mediary/media/ui/states";
import { MessageSquareDashed } from "lucide-react";
import { memo, useMemo, useState } from "react";
import type { Conversation, Message } from "@/api/types";
import { Composer } from "@/features/composer/Composer";
import { DropZone } from "@/features/composer/DropZone";
import { contactName } from "@/features/message/contact";
import { useOutgoing } from "@/features/sending/store";
import { ThreadContext } from "@/features/thread/context";
import { MessageList } from "@/features/thread/MessageList";
import type { useThread } from "@/features/thread/useThread";
import { useThreadState } from "@/features/thread/useThreadState";
import { deferred } from "@/lib/deferred";
import { texts } from "@/texts";

const ForwardMessage = deferred(
  async () => (await import("@/features/thread/ForwardMessage")).ForwardMessage,
);

type ThreadProps = { conversationId: number; conversation: Conversation | undefined };

/** What is opened over it or beside it does not render it again. */
export const Thread = memo(function Thread({ conversationId, conversation }: ThreadProps) {
  const { thread, state, dispatch, jumpTo, toLatest } = useThreadState(conversationId, conversation);
  const { messages, query } = thread;
  const outgoing = useOutgoing(conversationId);
  const [forwarding, setForwarding] = useState<Message | null>(null);
  const context = useMemo(
    () => ({ conversation, jumpTo, forward: setForwarding, faded: () => dispatch({ type: "faded" }) }),
    [conversation, jumpTo, dispatch],
  );
  const name = conversation ? contactName(conversation.contact) : "";
  const isEmpty = messages.length === 0 && outgoing.length === 0;
  return (
    <ThreadContext value={context}>
      <DropZone conversationId={conversationId} name={name}>
        <div className="flex min-h-0 flex-1 flex-col">
          {query.isPending ? (
            <ThreadSkeleton />
          ) : query.isError && messages.length === 0 ? (
            <ErrorState title={texts.thread.failed} error={query.error} retry={() => void query.refetch()} />
          ) : isEmpty ? (
            <EmptyState
              icon={<MessageSquareDashed />}
              title={texts.thread.empty}
              hint={texts.thread.emptyHint}
            />
          ) : (
            <MessageList
              thread={thread}
              state={state}
              dispatch={dispatch}
              outgoing={outgoing}
              name={name}
              unread={conversation?.unreadCount ?? 0}
              onLatest={toLatest}
            />
          )}
        </div>
        <Composer
          conversationId={conversationId}
          conversation={conversation}
          lastInboundAt={lastInboundAt(messages, query)}
          // Who writes sees what was written, wherever the thread is scrolled to.
          onSent={toLatest}
        />
      </DropZone>
      {forwarding && <ForwardMessage message={forwarding} onClose={() => setForwarding(null)} />}
    </ThreadContext>
  );
});

/** When the customer wrote last; null is never, undefined is not known from what is loaded. */
function lastInboundAt(
  messages: Message[],
  { isPending, isError, hasNextPage, hasPreviousPage }: ReturnType<typeof useThread>["query"],
): string | null | undefined {
  if (isPending || isError || hasPreviousPage) return undefined;
  const last = messages.findLast(({ direction }) => direction === "inbound");
  return last?.timestamp ?? (hasNextPage ? undefined : null);
}

const SKELETON_BUBBLES = [44, 62, 28, 70, 36, 52];

function ThreadSkeleton() {
  return (
    <div
      role="status"
      aria-label={texts.thread.loading}
      className="flex flex-1 flex-col justify-end gap-3 p-4 md:px-8"
    >
      {SKELETON_BUBBLES.map((width, row) => (
        <Skeleton
          key={width}
          className={`h-14 max-w-[78%] rounded-2xl ${row % 3 === 2 ? "self-end" : ""}`}
          style={{ width: `${width}%` }}
        />
      ))}
    </div>
  );
}
