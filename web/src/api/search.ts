import type { components } from "@mediary/media/schema.gen";
import { cursorAfter, nextFilledPage } from "@mediary/media/server/pages";
import { infiniteQueryOptions } from "@tanstack/react-query";
import type { Conversation, MediaFile, Message } from "@/api/types";

export type SearchPlace = "conversations" | "messages" | "media";
export type Mark = components["schemas"]["Mark"];
/** What a search found: a conversation, a message, or a file with its message. */
export type SearchHit = {
  conversation: Conversation | null;
  message: Message | null;
  media: MediaFile | null;
  marks: Mark[];
};

const PER_PAGE = 30;

/** Everything with these words, newest first; without a place, everywhere. */
export const searchQuery = (words: string, place: SearchPlace | null) =>
  infiniteQueryOptions({
    queryKey: ["search", words, place] as const,
    // What was found goes stale with every message.
    staleTime: 30_000,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      nextFilledPage<SearchHit>("/api/search", {
        query: { q: words, in: place, cursor: pageParam, limit: PER_PAGE },
        signal,
      }),
    getNextPageParam: (page) => cursorAfter(page),
  });
