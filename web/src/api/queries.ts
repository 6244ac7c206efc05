import { ApiError, api } from "@mediary/media/server/client";
import { cursorAfter } from "@mediary/media/server/pages";
import {
  type InfiniteData,
  infiniteQueryOptions,
  type QueryClient,
  type QueryKey,
  queryOptions,
} from "@tanstack/react-query";
import type { Conversation, FileType, Me, MediaFile, Message, Page } from "@/api/types";

const CONVERSATIONS_PER_PAGE = 40;
const MESSAGES_PER_PAGE = 50;
/** Bounds what a long session of scrolling keeps in memory; pages that fell out are fetched again on the way back. */
const THREAD_PAGES_MAX = 40;
const GALLERY_PER_PAGE = 100;
export const RECENT_MEDIA = 12;

/** Where a page of a thread starts: at the newest message, below a cursor, or around one message. */
export type ThreadPosition = { cursor?: string; around?: number };
/** `newest` says so of a page that was to be another one. */
export type ThreadPage = Page<Message> & { newest?: true };
export type ThreadData = InfiniteData<ThreadPage, ThreadPosition>;

export const keys = {
  me: ["me"] as const,
  accounts: ["settings", "accounts"] as const,
  conversationLists: ["conversations"] as const,
  conversations: (search: string) => ["conversations", search] as const,
  conversation: (id: number) => ["conversation", id] as const,
  threads: ["thread"] as const,
  thread: (conversationId: number) => ["thread", conversationId] as const,
  message: (id: number) => ["message", id] as const,
  conversationMedia: (conversationId: number) => ["conversation-media", conversationId] as const,
  waveform: (mediaId: number, updatedAt: string, variants: number) =>
    ["waveform", mediaId, updatedAt, variants] as const,
  mediaByMessage: (messageId: number, part: number) => ["message-media", messageId, part] as const,
};

/** The person logged in, or null. Asked once; a session that ends later shows as 401 elsewhere. */
export const meQuery = queryOptions({
  queryKey: keys.me,
  staleTime: Number.POSITIVE_INFINITY,
  gcTime: Number.POSITIVE_INFINITY,
  queryFn: async ({ signal }): Promise<Me | null> => {
    try {
      return await api.get<Me>("/api/auth/me", { signal });
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null;
      throw error;
    }
  },
});

export const conversationsQuery = (search: string) =>
  infiniteQueryOptions({
    queryKey: keys.conversations(search),
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<Conversation>>("/api/conversations", {
        query: { cursor: pageParam, search, limit: CONVERSATIONS_PER_PAGE },
        signal,
      }),
    getNextPageParam: (page) => cursorAfter(page),
  });

export const conversationQuery = (id: number, client: QueryClient) =>
  queryOptions<Conversation>({
    queryKey: keys.conversation(id),
    queryFn: ({ signal }) => api.get<Conversation>(`/api/conversations/${id}`, { signal }),
    initialData: () => conversationInLists(client, id),
  });

/**
 * A thread, pages newest first. It usually starts at the newest message; after a jump it starts around an old one, and
 * then "previous" pages lead back down to the newest: each is again a page around the newest message known so far.
 */
export const threadQuery = (conversationId: number, start: ThreadPosition = {}, onMissing = () => {}) =>
  infiniteQueryOptions<ThreadPage, Error, ThreadData, QueryKey, ThreadPosition>({
    queryKey: keys.thread(conversationId),
    initialPageParam: start,
    queryFn: ({ pageParam, signal }) =>
      start.around !== undefined && pageParam.around === start.around
        ? fetchFirstPage(conversationId, start, onMissing, signal)
        : fetchThreadPage(conversationId, pageParam, signal),
    getNextPageParam: (page): ThreadPosition | undefined => {
      const cursor = cursorAfter(page);
      return cursor === undefined ? undefined : { cursor };
    },
    getPreviousPageParam: (page, _pages, param) => newerPosition(page, param),
    maxPages: THREAD_PAGES_MAX,
  });

export function fetchThreadPage(conversationId: number, position: ThreadPosition, signal?: AbortSignal) {
  return api.get<Page<Message>>(`/api/conversations/${conversationId}/messages`, {
    query: { ...position, limit: MESSAGES_PER_PAGE },
    ...(signal ? { signal } : {}),
  });
}

/** A thread opens at its newest message where the one that a link leads to is gone. */
async function fetchFirstPage(
  conversationId: number,
  start: ThreadPosition,
  onMissing: () => void,
  signal: AbortSignal,
): Promise<ThreadPage> {
  try {
    return await fetchThreadPage(conversationId, start, signal);
  } catch (error) {
    const isGone = error instanceof ApiError && error.status === 404 && start.around !== undefined;
    if (!isGone) throw error;
    const page = await fetchThreadPage(conversationId, {}, signal);
    onMissing();
    return { ...page, newest: true };
  }
}

/** Where the messages newer than a page are, or undefined when it holds the newest of the thread. */
export function newerPosition(page: ThreadPage, position: ThreadPosition): ThreadPosition | undefined {
  const newest = page.items[0];
  const startsAtNewest = page.newest ?? (position.around === undefined && position.cursor === undefined);
  // A page around a message that brought nothing newer than that message has reached the end.
  if (startsAtNewest || newest === undefined || newest.id === position.around) return undefined;
  return { around: newest.id };
}

export const messageQuery = (id: number, client: QueryClient) =>
  queryOptions<Message>({
    queryKey: keys.message(id),
    queryFn: ({ signal }) => api.get<Message>(`/api/messages/${id}`, { signal }),
    initialData: () => messageInThreads(client, id),
  });

/** One file of a message; at once where its thread is loaded, as the event stream keeps both current. */
export const mediaByMessageQuery = (messageId: number, part: number, client: QueryClient) =>
  queryOptions<MediaFile>({
    queryKey: keys.mediaByMessage(messageId, part),
    queryFn: async ({ signal }) => {
      if (part === 0) return api.get<MediaFile>(`/api/messages/${messageId}/media`, { signal });
      const file = fileOf(await api.get<Message>(`/api/messages/${messageId}`, { signal }), part);
      if (file) return file;
      throw new ApiError({
        status: 404,
        code: "not_found",
        title: "There is no such file",
        retryable: false,
      });
    },
    initialData: () => fileOf(messageInThreads(client, messageId), part),
  });

/** Part zero is a message's own media, the others are its attachments. */
function fileOf(message: Message | undefined, part: number): MediaFile | undefined {
  if (part === 0) return message?.media ?? undefined;
  return message?.attachments.find((file) => file.part === part);
}

export type MediaFilter = { fileType?: readonly FileType[]; limit?: number };

export const conversationMediaQuery = (conversationId: number, filter: MediaFilter = {}) =>
  infiniteQueryOptions({
    queryKey: [...keys.conversationMedia(conversationId), filter] as const,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<MediaFile>>(`/api/conversations/${conversationId}/media`, {
        query: { limit: GALLERY_PER_PAGE, ...filter, cursor: pageParam, sort: "date", order: "desc" },
        signal,
      }),
    getNextPageParam: (page) => cursorAfter(page),
  });

function conversationInLists(client: QueryClient, id: number): Conversation | undefined {
  const lists = client.getQueriesData<InfiniteData<Page<Conversation>>>({ queryKey: keys.conversationLists });
  for (const [, list] of lists) {
    const found = list?.pages.flatMap((page) => page.items).find((item) => item.id === id);
    if (found) return found;
  }
  return undefined;
}

function messageInThreads(client: QueryClient, id: number): Message | undefined {
  for (const [, thread] of client.getQueriesData<ThreadData>({ queryKey: keys.threads })) {
    const found = thread?.pages.flatMap((page) => page.items).find((item) => item.id === id);
    if (found) return found;
  }
  return undefined;
}
