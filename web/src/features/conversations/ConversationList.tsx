import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { defaultRangeExtractor, type Range, useVirtualizer } from "@tanstack/react-virtual";
import { Inbox, SearchX } from "lucide-react";
import { useRef, useState } from "react";
import { flushSync } from "react-dom";
import { conversationsQuery } from "@/api/queries";
import type { Conversation } from "@/api/types";
import { EmptyState, ErrorState } from "@/components/ui/states";
import {
  ConversationRow,
  ConversationRowSkeleton,
  ROW_HEIGHT,
} from "@/features/conversations/ConversationRow";
import { SearchField } from "@/features/conversations/SearchField";
import { useNow } from "@/lib/clock";
import { useShortcuts } from "@/lib/shortcuts";
import { useLoadMore } from "@/lib/useLoadMore";
import { useSearchText } from "@/lib/useSearchText";
import { texts } from "@/texts";

const SKELETON_ROWS = 10;
/** Rows left below the window when the next page is asked for. */
const AHEAD = 10;

export function ConversationList({ activeId }: { activeId: number | undefined }) {
  const { typed, search, type } = useSearchText();
  const query = useInfiniteQuery({ ...conversationsQuery(search), placeholderData: keepPreviousData });
  const conversations = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <SearchField value={typed} onChange={type} busy={query.isPlaceholderData} />
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
          activeId={activeId}
          onEnd={() => {
            if (query.hasNextPage && !query.isFetching && !query.isError) void query.fetchNextPage();
          }}
        />
      )}
    </>
  );
}

function NothingHere({ search }: { search: string }) {
  if (search) return <EmptyState icon={<SearchX />} title={texts.conversations.nothingFound(search)} />;
  return (
    <EmptyState icon={<Inbox />} title={texts.conversations.empty} hint={texts.conversations.emptyHint} />
  );
}

type RowsProps = { conversations: Conversation[]; activeId: number | undefined; onEnd: () => void };

function Rows({ conversations, activeId, onEnd }: RowsProps) {
  const now = useNow();
  const scroller = useRef<HTMLDivElement>(null);
  const { cursor, current } = useCursor(conversations, activeId, (index) => virtualizer.scrollToIndex(index));
  const virtualizer = useVirtualizer({
    count: conversations.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => conversations[index]?.id ?? index,
    // The row that holds the focus stays in the page, wherever the list is scrolled to.
    rangeExtractor: (range: Range) => withCursor(defaultRangeExtractor(range), cursor),
    overscan: 6,
    paddingEnd: 8,
  });
  const rows = virtualizer.getVirtualItems();
  const lastVisible = virtualizer.range?.endIndex ?? 0;
  useLoadMore(lastVisible >= conversations.length - AHEAD, onEnd);
  return (
    <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto">
      <ul className="relative" style={{ height: virtualizer.getTotalSize() }}>
        {rows.map((row) => {
          const conversation = conversations[row.index];
          if (!conversation) return null;
          return (
            <li
              key={row.key}
              className="absolute inset-x-0 top-0"
              style={{ transform: `translateY(${row.start}px)` }}
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

/** The one row that Tab reaches; ↑ ↓ j k move it. It follows its conversation when the list is reordered. */
function useCursor(
  conversations: Conversation[],
  activeId: number | undefined,
  show: (index: number) => void,
) {
  const [cursorId, setCursorId] = useState(activeId);
  const current = useRef<HTMLAnchorElement>(null);
  const at = conversations.findIndex((conversation) => conversation.id === (cursorId ?? activeId));
  const cursor = Math.max(0, at);

  const [lastActiveId, setLastActiveId] = useState(activeId);
  if (activeId !== lastActiveId) {
    setLastActiveId(activeId);
    setCursorId(activeId);
  }

  const move = (step: number) => {
    const index = at === -1 ? 0 : Math.min(conversations.length - 1, Math.max(0, at + step));
    // The row of the cursor is in the page wherever the list is scrolled to; it has to be there before it can take the focus.
    flushSync(() => setCursorId(conversations[index]?.id));
    current.current?.focus({ preventScroll: true });
    show(index);
  };
  const arrow = (step: number) => (event: KeyboardEvent) => {
    // Elsewhere the arrows scroll what has the focus.
    if (event.target !== document.body && event.target !== current.current) return false;
    move(step);
  };
  useShortcuts({ j: () => move(1), k: () => move(-1), ArrowDown: arrow(1), ArrowUp: arrow(-1) });
  return { cursor, current };
}
