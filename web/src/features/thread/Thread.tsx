import { useNavigate, useSearch } from "@tanstack/react-router";
import { MessageSquareDashed } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import type { Conversation, Message } from "@/api/types";
import { EmptyState, ErrorState, Skeleton } from "@/components/ui/states";
import { Composer } from "@/features/composer/Composer";
import { DropZone } from "@/features/composer/DropZone";
import { contactName } from "@/features/message/contact";
import { useOutgoing } from "@/features/sending/store";
import type { JumpRequest } from "@/features/thread/context";
import { ThreadContext } from "@/features/thread/context";
import { ForwardDialog } from "@/features/thread/ForwardDialog";
import { MessageList } from "@/features/thread/MessageList";
import { useMarkRead, useThread, useUnreadDivider } from "@/features/thread/useThread";
import { useWindowFocus } from "@/lib/useWindowFocus";
import { texts } from "@/texts";

type ThreadProps = { conversationId: number; conversation: Conversation | undefined };

export function Thread({ conversationId, conversation }: ThreadProps) {
  const { m } = useSearch({ from: "/inbox/c/$conversationId" });
  const thread = useThread(conversationId, m);
  const { messages, query, attached } = thread;
  const { jump, jumpTo } = useJump(m);
  const [atEnd, setAtEnd] = useState(true);
  const seeing = useWindowFocus() && atEnd && attached;
  const divider = useUnreadDivider(messages, conversation, attached, seeing);
  useMarkRead(conversation, seeing);
  const outgoing = useOutgoing(conversationId);
  const toLatest = useToLatest(thread.openAt, attached);
  const [forwarding, setForwarding] = useState<Message | null>(null);
  const context = useMemo(() => ({ conversation, jumpTo, forward: setForwarding }), [conversation, jumpTo]);
  const name = conversation ? contactName(conversation.contact) : "";
  // A link to a message that is gone still opens the conversation.
  const retry = () => void (m === undefined ? query.refetch() : toLatest());
  const isEmpty = messages.length === 0 && outgoing.length === 0;
  return (
    <ThreadContext value={context}>
      <DropZone conversationId={conversationId} name={name}>
        <div className="flex min-h-0 flex-1 flex-col">
          {query.isPending ? (
            <ThreadSkeleton />
          ) : query.isError && messages.length === 0 ? (
            <ErrorState title={texts.thread.failed} error={query.error} retry={retry} />
          ) : isEmpty ? (
            <EmptyState
              icon={<MessageSquareDashed />}
              title={texts.thread.empty}
              hint={texts.thread.emptyHint}
            />
          ) : (
            <MessageList
              thread={thread}
              outgoing={outgoing}
              name={name}
              divider={divider}
              unread={conversation?.unreadCount ?? 0}
              jump={jump}
              onAtEnd={setAtEnd}
              onLatest={toLatest}
            />
          )}
        </div>
        <Composer
          conversationId={conversationId}
          conversation={conversation}
          lastInboundAt={lastInboundAt(messages, query)}
        />
      </DropZone>
      {forwarding && <ForwardDialog message={forwarding} onClose={() => setForwarding(null)} />}
    </ThreadContext>
  );
}

/** When the customer wrote last; null is never, undefined is not known from what is loaded. */
function lastInboundAt(
  messages: Message[],
  { isPending, isError, hasNextPage, hasPreviousPage }: ReturnType<typeof useThread>["query"],
): string | null | undefined {
  if (isPending || isError || hasPreviousPage) return undefined;
  const last = messages.findLast(({ direction }) => direction === "inbound");
  return last?.timestamp ?? (hasNextPage ? undefined : null);
}

/** The URL says where to jump; clicking the same quote twice jumps twice. */
function useJump(m: number | undefined) {
  const navigate = useNavigate({ from: "/c/$conversationId" });
  const [jump, setJump] = useState<JumpRequest | null>(m === undefined ? null : { messageId: m, request: 0 });
  const [seen, setSeen] = useState(m);
  const requestJump = (messageId: number) =>
    setJump((last) => ({ messageId, request: (last?.request ?? 0) + 1 }));
  if (m !== seen) {
    setSeen(m);
    if (m !== undefined) requestJump(m);
  }
  const jumpTo = useCallback(
    (messageId: number) => {
      if (messageId === m) setJump((last) => ({ messageId, request: (last?.request ?? 0) + 1 }));
      else void navigate({ search: ({ view: _, ...rest }) => ({ ...rest, m: messageId }) });
    },
    [m, navigate],
  );
  return { jump, jumpTo };
}

function useToLatest(openAt: ReturnType<typeof useThread>["openAt"], attached: boolean) {
  const navigate = useNavigate({ from: "/c/$conversationId" });
  return async () => {
    if (!attached && !(await openAt({}))) return false;
    void navigate({ search: ({ m: _, ...rest }) => rest, replace: true });
    return true;
  };
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
