import { useLoadMore } from "@mediary/media/lib/useLoadMore";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useReducer } from "react";
import { toast } from "sonner";
import type { Conversation } from "@/api/types";
import { isNews, openThread, threadReducer, wantedMessage } from "@/features/thread/state";
import { useMarkRead, useThread } from "@/features/thread/useThread";
import { useWindowFocus } from "@/lib/useWindowFocus";
import { texts } from "@/texts";

/** A thread, where its reader is, and the ways to move. The URL says where to jump. */
export function useThreadState(conversationId: number, conversation: Conversation | undefined) {
  const m = useSearch({ from: "/inbox/c/$conversationId", select: ({ m }) => m });
  const navigate = useNavigate({ from: "/c/$conversationId" });
  const [state, dispatch] = useReducer(threadReducer, m, openThread);
  const onMissing = useCallback(() => {
    toast.error(texts.thread.jumpFailed);
    dispatch({ type: "missing" });
  }, []);
  const thread = useThread(conversationId, m, onMissing);
  const { messages, attached, openAt } = thread;
  const seeing = useWindowFocus() && state.atEnd && attached;
  const told = { messages, attached, unread: conversation?.unreadCount ?? null, seeing };
  if (isNews(state, told)) dispatch({ type: "told", told });
  if (m !== state.link) dispatch({ type: "linked", link: m });
  const wanted = wantedMessage(state);
  useLoadMore(wanted !== null, () => {
    dispatch({ type: "asked" });
    void openAt({ around: wanted ?? 0 }).then((found) => found || dispatch({ type: "missing" }));
  });
  useMarkRead(conversation, seeing);
  const jumpTo = useCallback(
    (messageId: number) => {
      dispatch({ type: "jumped", messageId });
      void navigate({ search: ({ view: _, ...rest }) => ({ ...rest, m: messageId }) });
    },
    [navigate],
  );
  const toLatest = async () => {
    if (!attached && !(await openAt({}))) return;
    dispatch({ type: "toEnd" });
    void navigate({ search: ({ m: _, ...rest }) => rest, replace: true });
  };
  return { thread, state, dispatch, jumpTo, toLatest };
}
