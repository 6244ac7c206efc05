import { useNow } from "@mediary/media/lib/clock";
import { useShortcuts } from "@mediary/media/lib/shortcuts";
import { useLoadMore } from "@mediary/media/lib/useLoadMore";
import { useWindowEvent } from "@mediary/media/lib/useWindowEvent";
import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useMemo, useRef, useState } from "react";
import type { Outgoing } from "@/features/sending/outbox";
import { JumpToLatest } from "@/features/thread/JumpToLatest";
import { RowView } from "@/features/thread/RowView";
import { estimateHeight, shows, type ThreadRow, threadRows } from "@/features/thread/rows";
import { freshCount, type ThreadState } from "@/features/thread/state";
import { type Dispatch, END_PX, type List, useHeldPlace } from "@/features/thread/useHeldPlace";
import type { useThread } from "@/features/thread/useThread";
import { walk } from "@/features/thread/walk";
import { texts } from "@/texts";

/** Rows left beyond the window when the next page is asked for. */
const AHEAD = 12;

const NONE: Outgoing[] = [];

type MessageListProps = {
  thread: ReturnType<typeof useThread>;
  state: ThreadState;
  dispatch: Dispatch;
  /** What the server does not have yet. */
  outgoing: Outgoing[];
  name: string;
  unread: number;
  onLatest: () => Promise<void>;
};

export function MessageList(props: MessageListProps) {
  const { thread, state, dispatch, outgoing, name, unread, onLatest } = props;
  const now = useNow();
  const { messages, attached } = thread;
  // What is new stands below the newest; a thread that is open in its past does not show that.
  const below = attached ? outgoing : NONE;
  const { divider } = state;
  const rows = useMemo(() => threadRows(messages, divider, below), [messages, divider, below]);
  const scroller = useRef<HTMLDivElement>(null);
  const { held, hold } = useHeldRow(rows);
  const list = useThreadVirtualizer(scroller, rows, state.follows, held);
  useHeldPlace(list, rows, state, dispatch);
  useReaderMoves(() => dispatch({ type: "moved" }));
  const { startIndex = AHEAD, endIndex = 0 } = list.range ?? {};
  useLoadMore(startIndex < AHEAD, thread.loadOlder);
  useLoadMore(endIndex > rows.length - AHEAD, thread.loadNewer);
  // A slider has an end of its own.
  useShortcuts({
    End: (event) => !(event.target instanceof HTMLInputElement) && void onLatest(),
    Home: (event) => !(event.target instanceof HTMLInputElement) && dispatch({ type: "toStart" }),
  });
  const fresh = freshCount(state);
  return (
    <div className="relative min-h-0 flex-1">
      <section
        ref={useResizedAtEnd(scroller)}
        aria-label={texts.thread.label(name)}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
        tabIndex={0}
        onKeyDown={walk}
        onFocus={({ target }) => hold(target)}
        onBlur={() => hold(null)}
        className="h-full overflow-y-auto overflow-x-hidden -outline-offset-2 [overflow-anchor:none]"
      >
        <div className="flex min-h-full flex-col justify-end">
          <div className="relative mx-auto w-full max-w-225" style={{ height: list.getTotalSize() }}>
            {list.getVirtualItems().map((item) => {
              const row = rows[item.index];
              if (!row) return null;
              return (
                <div
                  key={item.key}
                  ref={list.measureElement}
                  data-index={item.index}
                  className="absolute inset-x-0 px-3 md:px-6"
                  // Not by a transform: without a GPU Chromium may paint rows where they were before the first scroll.
                  style={{ top: item.start }}
                >
                  <RowView
                    row={row}
                    now={now}
                    thread={thread.query}
                    highlighted={shows(row, state.highlighted)}
                  />
                </div>
              );
            })}
          </div>
        </div>
      </section>
      {!(state.atEnd && attached) && (
        <JumpToLatest
          count={attached ? fresh : Math.max(fresh, unread)}
          onClick={() => {
            // The button goes with this; who used it reads on.
            scroller.current?.focus({ preventScroll: true });
            void onLatest();
          }}
        />
      )}
    </div>
  );
}

/** The row that holds the focus stays in the page, wherever the thread is scrolled to. */
function useHeldRow(rows: ThreadRow[]) {
  const held = useRef<string | null>(null);
  const hold = (element: Element | null) => {
    const index = element?.closest<HTMLElement>("[data-index]")?.dataset.index;
    held.current = index === undefined ? null : (rows[Number(index)]?.key ?? null);
  };
  return { held, hold };
}

/** By hand: scroll events do not tell that from the list's own corrections. */
function useReaderMoves(onMove: () => void): void {
  useWindowEvent("wheel", onMove, true);
  useWindowEvent("pointerdown", onMove, true);
  useWindowEvent("keydown", onMove, true);
}

function useThreadVirtualizer(
  scroller: React.RefObject<HTMLDivElement | null>,
  rows: ThreadRow[],
  follows: boolean,
  held: React.RefObject<string | null>,
): List {
  const list = useVirtualizer<HTMLDivElement, HTMLDivElement>({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (rows[index] ? estimateHeight(rows[index]) : 48),
    getItemKey: (index) => rows[index]?.key ?? index,
    rangeExtractor: (range) => {
      const indexes = defaultRangeExtractor(range);
      const at = held.current === null ? -1 : rows.findIndex(({ key }) => key === held.current);
      return at === -1 || indexes.includes(at) ? indexes : [...indexes, at].sort((a, b) => a - b);
    },
    anchorTo: "end",
    followOnAppend: follows,
    scrollEndThreshold: END_PX,
    overscan: 8,
    paddingStart: 8,
    paddingEnd: 16,
  });
  // A row above the window that changes, as the first of a page does when the page before it comes, must not move what
  // is read, whichever way the reader scrolls.
  list.shouldAdjustScrollPositionOnItemSizeChange = (item, _, { itemSizeCache, scrollOffset }) =>
    itemSizeCache.has(item.key) ? item.end <= (scrollOffset ?? 0) : item.start < (scrollOffset ?? 0);
  return list;
}

/** The composer below takes and gives room; who reads the newest message goes on reading it. */
function useResizedAtEnd(scroller: React.RefObject<HTMLDivElement | null>) {
  const [, redraw] = useState(0);
  return useCallback(
    (element: HTMLDivElement | null) => {
      scroller.current = element;
      if (!element) return;
      let height = element.clientHeight;
      let frame = 0;
      const observer = new ResizeObserver(() => {
        const belowBefore = element.scrollHeight - element.scrollTop - height;
        height = element.clientHeight;
        if (belowBefore <= END_PX) element.scrollTop = element.scrollHeight;
        // The list knows where it is with the scroll event, before the next frame.
        cancelAnimationFrame(frame);
        frame = requestAnimationFrame(() => redraw((count) => count + 1));
      });
      observer.observe(element);
      return () => {
        scroller.current = null;
        cancelAnimationFrame(frame);
        observer.disconnect();
      };
    },
    [scroller],
  );
}
