import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { conversationMediaQuery, type MediaFilter, mediaByMessageQuery } from "@/api/queries";

/** One file of a message: from the thread where it is loaded, else asked for. */
export function useMediaByMessage(messageId: number, part: number) {
  const client = useQueryClient();
  return useQuery(mediaByMessageQuery(messageId, part, client));
}

/** Everything in a conversation, newest first. */
export function useMediaByConversation(conversationId: number, filter: MediaFilter = {}) {
  return useInfiniteQuery(conversationMediaQuery(conversationId, filter));
}
