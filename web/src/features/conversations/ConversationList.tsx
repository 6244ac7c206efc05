import { useNow } from "@mediary/media/lib/clock";
import { rem } from "@mediary/media/lib/rem";
import { useLoadMore } from "@mediary/media/lib/useLoadMore";
import { EmptyState, ErrorState } from "@mediary/media/ui/states";
import { keepPreviousData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { defaultRangeExtractor, measureElement, type Range, useVirtualizer } from "@tanstack/react-virtual";
import { clsx } from "clsx";
import { Inbox, SearchX, TextSearch } from "lucide-react";
import { memo, useRef, useState } from "react";
import { conversationsQuery } from "@/api/queries";
import type { Conversation } from "@/api/types";
import { ConversationRow, ConversationRowSkeleton, ROW_REM } from "@/features/conversations/ConversationRow";
import { focusConversations, LIST_ID } from "@/features/conversations/focus";
import { SearchField } from "@/features/conversations/SearchField";
import { useCursor } from "@/features/conversations/useCursor";
import { useHeldOrder } from "@/features/conversations/useHeldOrder";
import { opening } from "@/lib/layer";
import { useSearchText } from "@/lib/useSearchText";
import { texts } from "@/texts";

const SKELETON_ROWS = 10;
/** Rows left below the window when the next page is asked for. */
const AHEAD = 10;

/** What is opened beside it does not render it again. */
export const ConversationList = memo(function ConversationList(props: { activeId: number | undefined }) {
  const { typed, search, type } = useSearchText();
  const query = useInfiniteQuery({ ...conversationsQuery(search), placeholderData: keepPreviousData });
  const client = useQueryClient();
  const navigate = useNavigate();
  const conversations = query.data?.pages.flatMap((page) => page.items) ?? [];
  const openFirst = async () => {
    // Enter comes before the search has settled, and before its answer.
    const found = await client.fetchInfiniteQuery(conversationsQuery(typed.trim()));
    const [first] = found.pages[0]?.items ?? [];
    if (first) void navigate({ to: "/c/$conversationId", params: { conversationId: first.id } });
  };
  return (
    <>
      <SearchField
        value={typed}
        onChange={type}
        busy={query.isPlaceholderData}
        onOpen={() => void openFirst().catch(() => {})}
        onDown={focusConversations}
      />
      {search !== "" && (
        <Link
          to="."
          search={(before) => ({ ...before, q: search })}
          state={opening("search")}
          className="mx-3 mb-1.5 flex min-h-9 shrink-0 items-center gap-2 rounded-lg px-2.5 text-accent hover:bg-hover pointer-coarse:min-h-11"
        >
          <TextSearch aria-hidden="true" className="size-4 shrink-0" />
          <bdi className="truncate">{texts.search.everythingFor(search)}</bdi>
        </Link>
      )}
      {query.isPlaceholderData && (
        <p role="status" className="px-5 pb-2 text-muted text-xs">
          {texts.conversations.searching}
        </p>
      )}
      {query.isPending ? (
        <div role="status" aria-label={texts.conversations.loading}>
          {Array.from({ length: SKELETON_ROWS }, (_, row) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike
            <ConversationRowSkeleton key={row} />
          ))}
        </div>
      ) : query.isError && conversations.length === 0 ? (
        <ErrorState
          title={texts.conversations.failed}
          error={query.error}
          retry={() => void query.refetch()}
        />
      ) : conversations.length === 0 ? (
        <NothingHere search={search} />
      ) : (
        <Rows
          conversations={conversations}
          activeId={props.activeId}
          stale={query.isPlaceholderData}
          onEnd={() => {
            if (query.hasNextPage && !query.isFetching && !query.isError) void query.fetchNextPage();
          }}
        />
      )}
    </>
  );
});

function NothingHere({ search }: { search: string }) {
  if (search) return <EmptyState icon={<SearchX />} title={texts.conversations.nothingFound(search)} />;
  return (
    <EmptyState icon={<Inbox />} title={texts.conversations.empty} hint={texts.conversations.emptyHint} />
  );
}

type RowsProps = {
  conversations: Conversation[];
  activeId: number | undefined;
  /** They are what was searched for before. */
  stale: boolean;
  onEnd: () => void;
};

function Rows(props: RowsProps) {
  const { activeId, stale, onEnd } = props;
  const now = useNow();
  const { conversations, hold, release } = useHeldOrder(props.conversations);
  const scroller = useRef<HTMLDivElement>(null);
  const [height] = useState(() => ROW_REM * rem());
  const { cursor, current } = useCursor(conversations, activeId, (index) => virtualizer.scrollToIndex(index));
  const virtualizer = useVirtualizer({
    count: conversations.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    getItemKey: (index) => conversations[index]?.id ?? index,
    // On a phone the thread takes the place of the list: rows that are hidden keep their size, by which the list stays where it was.
    measureElement: (row, entry, list) =>
      measureElement(row, entry, list) ||
      (list.measurementsCache[list.indexFromElement(row)]?.size ?? height),
    // The row that holds the focus stays in the page, wherever the list is scrolled to.
    rangeExtractor: (range: Range) => withCursor(defaultRangeExtractor(range), cursor),
    overscan: 6,
    paddingEnd: 8,
  });
  const rows = virtualizer.getVirtualItems();
  const lastVisible = virtualizer.range?.endIndex ?? 0;
  useLoadMore(lastVisible >= conversations.length - AHEAD, onEnd);
  return (
    <div
      ref={scroller}
      id={LIST_ID}
      aria-busy={stale}
      onPointerMove={hold}
      onPointerLeave={release}
      className={clsx("min-h-0 flex-1 overflow-y-auto transition-opacity", stale && "opacity-45")}
    >
      <ul className="relative" style={{ height: virtualizer.getTotalSize() }}>
        {rows.map((row) => {
          const conversation = conversations[row.index];
          if (!conversation) return null;
          return (
            <li
              key={row.key}
              ref={virtualizer.measureElement}
              data-index={row.index}
              className="absolute inset-x-0"
              style={{ top: row.start }}
            >
              <ConversationRow
                conversation={conversation}
                active={conversation.id === activeId}
                tabIndex={row.index === cursor ? 0 : -1}
                now={now}
                {...(row.index === cursor ? { linkRef: current } : {})}
              />
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function withCursor(indexes: number[], cursor: number): number[] {
  return indexes.includes(cursor) ? indexes : [...indexes, cursor].sort((a, b) => a - b);
}
