import { keepPreviousData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { defaultRangeExtractor, type Range, useVirtualizer } from "@tanstack/react-virtual";
import { clsx } from "clsx";
import { Inbox, SearchX } from "lucide-react";
import { useEffectEvent, useLayoutEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { conversationsQuery } from "@/api/queries";
import type { Conversation } from "@/api/types";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { ConversationRow, ConversationRowSkeleton, ROW_REM } from "@/features/conversations/ConversationRow";
import { focusConversations, LIST_ID } from "@/features/conversations/focus";
import { SearchField } from "@/features/conversations/SearchField";
import { useHeldOrder } from "@/features/conversations/useHeldOrder";
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
          activeId={activeId}
          stale={query.isPlaceholderData}
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
  const { cursor, current } = useCursor(conversations, activeId, (index) => virtualizer.scrollToIndex(index));
  const virtualizer = useVirtualizer({
    count: conversations.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_REM * rem(),
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

/** The size of the page's text, which a person may have set larger. */
function rem(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
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
  const showRow = useEffectEvent(show);
  const [cursorId, setCursorId] = useState(activeId);
  const current = useRef<HTMLAnchorElement>(null);
  const at = conversations.findIndex((conversation) => conversation.id === (cursorId ?? activeId));
  const cursor = Math.max(0, at);

  const [lastActiveId, setLastActiveId] = useState(activeId);
  if (activeId !== lastActiveId) {
    setLastActiveId(activeId);
    // On leaving it, the way back in the list is where it was.
    if (activeId !== undefined) setCursorId(activeId);
  }

  const moveTo = (index: number) => {
    // The row of the cursor is in the page wherever the list is scrolled to; it has to be there before it can take the focus.
    flushSync(() => setCursorId(conversations[index]?.id));
    current.current?.focus({ preventScroll: true });
    show(index);
  };
  const last = conversations.length - 1;
  const move = (step: number) => moveTo(at === -1 ? 0 : Math.min(last, Math.max(0, at + step)));
  const inList = ({ target }: KeyboardEvent) => target === current.current;
  const arrow = (step: number) => (event: KeyboardEvent) => {
    // Elsewhere the arrows scroll what has the focus.
    if (event.target !== document.body && !inList(event)) return false;
    move(step);
  };
  useShortcuts({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: arrow(1),
    ArrowUp: arrow(-1),
    Home: (event) => inList(event) && moveTo(0),
    End: (event) => inList(event) && moveTo(last),
  });
  // The conversation that is opened may go to another place of the list, and must not be hidden there.
  useLayoutEffect(() => {
    if (current.current?.contains(document.activeElement)) showRow(cursor);
  }, [cursor]);
  return { cursor, current };
}
