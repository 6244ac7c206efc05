import { useLoadMore } from "@mediary/media/lib/useLoadMore";
import type { Neighbours } from "@mediary/media/viewers/neighbours";
import type { FileType } from "@/api/types";
import { useMediaByConversation, useMediaByMessage } from "@/features/media/useMedia";

/** Pages fetched in search of one picture; beyond it stands alone. */
const SEARCH_PAGES_MAX = 50;
/** Pictures left before the end when the next page is asked for. */
const AHEAD = 5;

/** What is looked at. */
const SEEN: readonly FileType[] = ["image", "video"];

/** The pictures and videos of a conversation around one of them, from the oldest to the newest as in its thread. */
export function useNeighbours(conversationId: number, messageId: number, part: number): Neighbours {
  const own = useMediaByMessage(messageId, part);
  const query = useMediaByConversation(conversationId, { fileType: SEEN });
  // Newest first, as they are paged.
  const pictures = query.data?.pages.flatMap((page) => page.items) ?? [];
  const at = pictures.findIndex((media) => media.messageId === messageId && media.part === part);
  const pages = query.data?.pages.length ?? 0;
  const { hasNextPage, isFetching, isError, fetchNextPage } = query;
  // A picture that was sent as a document is none of them.
  const isAlone = own.data !== undefined && !SEEN.includes(own.data.fileType);
  const wanted = isAlone
    ? false
    : at === -1
      ? pages > 0 && pages < SEARCH_PAGES_MAX
      : at >= pictures.length - AHEAD;
  useLoadMore(wanted && hasNextPage && !isFetching && !isError, () => void fetchNextPage());
  return {
    current: pictures[at] ?? own.data,
    error: own.error,
    retry: () => void own.refetch(),
    before: at === -1 ? undefined : pictures[at + 1],
    after: at > 0 ? pictures[at - 1] : undefined,
    first: at === -1 ? undefined : pictures.at(-1),
    last: at === -1 ? undefined : pictures[0],
    counter: at === -1 || hasNextPage ? null : { at: pictures.length - at, of: pictures.length },
  };
}
