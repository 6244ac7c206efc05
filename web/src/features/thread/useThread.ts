import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { toast } from "sonner";
import { ApiError, api } from "@/api/client";
import { fetchThreadPage, keys, type ThreadData, type ThreadPosition, threadQuery } from "@/api/queries";
import { useMayAct } from "@/api/roles";
import type { Conversation, Message } from "@/api/types";
import { messagesInOrder, reachesNewest } from "@/live/patch";
import { texts } from "@/texts";

/** The loaded part of a thread, and the ways to load more of it. */
export function useThread(conversationId: number, around: number | undefined) {
  const client = useQueryClient();
  const [start] = useState<ThreadPosition>(() => {
    if (around !== undefined) return { around };
    // A thread that was left in its past opens at its newest message again.
    const cached = client.getQueryData<ThreadData>(keys.thread(conversationId));
    if (cached && !reachesNewest(cached)) client.removeQueries({ queryKey: keys.thread(conversationId) });
    return {};
  });
  const query = useInfiniteQuery(threadQuery(conversationId, start));
  const messages = useMemo(() => (query.data ? messagesInOrder(query.data) : []), [query.data]);
  /** Replaces what is loaded by a page around another place; false if there is no such place. */
  const openAt = async (position: ThreadPosition): Promise<boolean> => {
    try {
      const page = await fetchThreadPage(conversationId, position);
      await client.cancelQueries({ queryKey: keys.thread(conversationId) });
      client.setQueryData<ThreadData>(keys.thread(conversationId), { pages: [page], pageParams: [position] });
      return true;
    } catch (error) {
      toast.error(error instanceof ApiError && error.status !== 404 ? error.detail : texts.thread.jumpFailed);
      return false;
    }
  };
  const idle = !query.isFetching && !query.isError;
  return {
    query,
    messages,
    attached: query.data !== undefined && reachesNewest(query.data),
    openAt,
    loadOlder: () => {
      if (query.hasNextPage && idle) void query.fetchNextPage();
    },
    loadNewer: () => {
      if (query.hasPreviousPage && idle) void query.fetchPreviousPage();
    },
  };
}

/**
 * The message above which the new ones begin: by the unread count once the newest are loaded, later by what arrived
 * unseen. It stays where it is until the conversation is left.
 */
export function useUnreadDivider(
  messages: Message[],
  conversation: Conversation | undefined,
  attached: boolean,
  seeing: boolean,
): number | null {
  const [divider, setDivider] = useState<number | null>(null);
  const newest = useRef<Message | null>(null);
  useEffect(() => {
    const last = messages.at(-1);
    if (last === undefined || conversation === undefined || !attached) return;
    const before = newest.current;
    if (before === null) {
      setDivider(nthNewestInbound(messages, conversation.unreadCount));
    } else if (divider === null && !seeing) {
      const known = messages.findIndex((message) => message.id === before.id);
      const arrived = known === -1 ? [] : messages.slice(known + 1);
      setDivider(arrived.find((message) => message.direction === "inbound")?.id ?? null);
    }
    newest.current = last;
  }, [messages, conversation, attached, seeing, divider]);
  return divider;
}

export function nthNewestInbound(messages: Message[], n: number): number | null {
  if (n <= 0) return null;
  const inbound = messages.filter((message) => message.direction === "inbound");
  return inbound.at(-n)?.id ?? inbound[0]?.id ?? null;
}

/** Tells the server that the newest message was seen, once somebody really sees it. */
export function useMarkRead(conversation: Conversation | undefined, seeing: boolean): void {
  const client = useQueryClient();
  const mayMark = useMayAct();
  const id = conversation?.id;
  const { mutate, isPending } = useMutation({
    mutationFn: (conversationId: number) => api.post(`/api/conversations/${conversationId}/read`),
    onSuccess: () => void client.invalidateQueries({ queryKey: keys.conversationLists }),
    onSettled: (_, __, conversationId) =>
      void client.invalidateQueries({ queryKey: keys.conversation(conversationId) }),
  });
  const unread = (conversation?.unreadCount ?? 0) > 0;
  useEffect(() => {
    if (id !== undefined && unread && seeing && mayMark && !isPending) mutate(id);
  }, [id, unread, seeing, mayMark, isPending, mutate]);
}
