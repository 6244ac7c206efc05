import { ApiError, api } from "@mediary/media/server/client";
import { reasonOf } from "@mediary/media/ui/states";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { toast } from "sonner";
import { fetchThreadPage, keys, type ThreadData, type ThreadPosition, threadQuery } from "@/api/queries";
import { useMayAct } from "@/api/roles";
import type { Conversation } from "@/api/types";
import { messagesInOrder, reachesNewest } from "@/live/patch";
import { texts } from "@/texts";

/** The loaded part of a thread, and the ways to load more of it. */
export function useThread(conversationId: number, around: number | undefined, onMissing: () => void) {
  const client = useQueryClient();
  const [start] = useState<ThreadPosition>(() => {
    if (around !== undefined) return { around };
    // A thread that was left in its past opens at its newest message again.
    const cached = client.getQueryData<ThreadData>(keys.thread(conversationId));
    if (cached && !reachesNewest(cached)) client.removeQueries({ queryKey: keys.thread(conversationId) });
    return {};
  });
  const query = useInfiniteQuery(threadQuery(conversationId, start, onMissing));
  const messages = useMemo(() => (query.data ? messagesInOrder(query.data) : []), [query.data]);
  /** Replaces what is loaded by a page around another place; false if there is no such place. */
  const openAt = async (position: ThreadPosition): Promise<boolean> => {
    try {
      const page = await fetchThreadPage(conversationId, position);
      await client.cancelQueries({ queryKey: keys.thread(conversationId) });
      client.setQueryData<ThreadData>(keys.thread(conversationId), { pages: [page], pageParams: [position] });
      return true;
    } catch (error) {
      toast.error(
        error instanceof ApiError && error.status !== 404 ? reasonOf(error) : texts.thread.jumpFailed,
      );
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
