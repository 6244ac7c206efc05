import { useVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import { useEffect, useEffectEvent, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Message } from "@/api/types";
import type { Outgoing } from "@/features/sending/outbox";
import type { JumpRequest } from "@/features/thread/context";
import { JumpToLatest } from "@/features/thread/JumpToLatest";
import { RowView } from "@/features/thread/RowView";
import { estimateHeight, type ThreadRow, threadRows } from "@/features/thread/rows";
import type { useThread } from "@/features/thread/useThread";
import { useNow } from "@/lib/clock";
import { useShortcuts } from "@/lib/shortcuts";
import { texts } from "@/texts";

/** This close to the end counts as reading the newest. */
const END_PX = 80;
/** Rows left beyond the window when the next page is asked for. */
const AHEAD = 12;
const HIGHLIGHT_MS = 2_400;

const NONE: Outgoing[] = [];

type List = Virtualizer<HTMLDivElement, HTMLDivElement>;

type MessageListProps = {
  thread: ReturnType<typeof useThread>;
  /** What the server does not have yet. */
  outgoing: Outgoing[];
  name: string;
  divider: number | null;
  unread: number;
  jump: JumpRequest | null;
  onAtEnd: (atEnd: boolean) => void;
  /** Loads the newest part of the thread; false if that failed. */
  onLatest: () => Promise<boolean>;
};

export function MessageList(props: MessageListProps) {
  const { thread, outgoing, name, divider, unread, jump, onAtEnd, onLatest } = props;
  const now = useNow();
  const { messages, attached } = thread;
  // What is new stands below the newest; a thread that is open in its past does not show that.
  const below = attached ? outgoing : NONE;
  const rows = useMemo(() => threadRows(messages, divider, below), [messages, divider, below]);
  const scroller = useRef<HTMLDivElement>(null);
  const list = useThreadVirtualizer(scroller, rows, attached);
  const atEnd = list.isAtEnd(END_PX) && attached;
  useEffect(() => onAtEnd(atEnd), [atEnd, onAtEnd]);
  const highlighted = useJumpTarget(list, rows, jump, thread.openAt);
  useLoadMore(list, rows.length, thread.loadOlder, thread.loadNewer);
  const fresh = useFreshCount(messages, atEnd);

  const toLatest = async () => {
    if (await onLatest()) requestAnimationFrame(() => list.scrollToEnd());
  };
  // A slider has an end of its own.
  useShortcuts({ End: (event) => !(event.target instanceof HTMLInputElement) && void toLatest() });
  useOwnMessages(outgoing, () => void toLatest());
  useResizedAtEnd(scroller);

  return (
    <div className="relative min-h-0 flex-1">
      <section
        ref={scroller}
        aria-label={texts.thread.label(name)}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
        tabIndex={0}
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
                  className="absolute inset-x-0 top-0 px-3 md:px-6"
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  <RowView
                    row={row}
                    now={now}
                    thread={thread.query}
                    highlighted={isTarget(row, highlighted)}
                  />
                </div>
              );
            })}
          </div>
        </div>
      </section>
      {!atEnd && (
        <JumpToLatest count={attached ? fresh : Math.max(fresh, unread)} onClick={() => void toLatest()} />
      )}
    </div>
  );
}

function useThreadVirtualizer(
  scroller: React.RefObject<HTMLDivElement | null>,
  rows: ThreadRow[],
  attached: boolean,
): List {
  // A page that closes the gap to the newest message is not an arrival: it must not pull the reader along.
  const wasAttached = useRef(attached);
  const list = useVirtualizer<HTMLDivElement, HTMLDivElement>({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (rows[index] ? estimateHeight(rows[index]) : 48),
    getItemKey: (index) => rows[index]?.key ?? index,
    anchorTo: "end",
    followOnAppend: attached && wasAttached.current,
    scrollEndThreshold: END_PX,
    overscan: 8,
    paddingStart: 8,
    paddingEnd: 16,
  });
  // A row above the window that changes, as the first of a page does when the page before it comes, must not move what
  // is read, whichever way the reader scrolls.
  list.shouldAdjustScrollPositionOnItemSizeChange = (item, _, { itemSizeCache, scrollOffset }) =>
    itemSizeCache.has(item.key) ? item.end <= (scrollOffset ?? 0) : item.start < (scrollOffset ?? 0);
  useEffect(() => {
    wasAttached.current = attached;
  }, [attached]);
  return list;
}

/** Opens at the newest message, or where the URL says, and stays there until the reader moves; jumps to anything new. */
function useJumpTarget(
  list: List,
  rows: ThreadRow[],
  jump: JumpRequest | null,
  openAt: MessageListProps["thread"]["openAt"],
): number | null {
  const [highlighted, setHighlighted] = useState<number | null>(null);
  const [target, setTarget] = useState(jump);
  const opened = useRef(false);
  const asked = useRef<JumpRequest | null>(null);
  const shown = useRef<{ target: JumpRequest; index: number } | null>(null);
  const [request, setRequest] = useState(jump?.request);
  if (jump?.request !== request) {
    setRequest(jump?.request);
    setTarget(jump);
  }
  const show = useEffectEvent(() => {
    if (target === null) {
      if (!opened.current) list.scrollToEnd();
      opened.current = true;
      return;
    }
    opened.current = true;
    const index = rows.findIndex((row) => isTarget(row, target.messageId));
    if (index === -1) {
      // One try for each jump request: a server that answers without the message must not be asked for ever.
      if (asked.current === target) return setTarget(null);
      asked.current = target;
      void openAt({ around: target.messageId }).then((found) => found || setTarget(null));
      return;
    }
    const isNew = shown.current?.target !== target;
    // The list takes a while to arrive at an index, and does not notice when rows that come in above change it.
    if (isNew || shown.current?.index !== index) list.scrollToIndex(index, { align: "center" });
    if (isNew) setHighlighted(target.messageId);
    shown.current = { target, index };
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the rows that were asked for arrive later
  useLayoutEffect(() => show(), [target, target === null ? null : rows]);
  useReaderMoves(() => setTarget(null));

  useEffect(() => {
    if (highlighted === null) return;
    const timer = setTimeout(() => setHighlighted(null), HIGHLIGHT_MS);
    return () => clearTimeout(timer);
  }, [highlighted]);
  return highlighted;
}

/** Who writes sees what was written, wherever the thread is scrolled to. */
function useOwnMessages(outgoing: Outgoing[], show: () => void): void {
  const newest = outgoing.at(-1)?.number ?? 0;
  const seen = useRef(newest);
  const showNow = useEffectEvent(show);
  useLayoutEffect(() => {
    if (newest > seen.current) showNow();
    seen.current = Math.max(seen.current, newest);
  }, [newest]);
}

/** The composer below takes and gives room; who reads the newest message goes on reading it. */
function useResizedAtEnd(scroller: React.RefObject<HTMLDivElement | null>): void {
  const [, redraw] = useState(0);
  useLayoutEffect(() => {
    const element = scroller.current;
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
      cancelAnimationFrame(frame);
      observer.disconnect();
    };
  }, [scroller]);
}

const MOVES = ["wheel", "pointerdown", "keydown"] as const;

/** Scroll events do not tell the reader's hand from the list's own corrections. */
function useReaderMoves(onMove: () => void): void {
  const move = useEffectEvent(onMove);
  useEffect(() => {
    const moved = new AbortController();
    for (const type of MOVES) {
      window.addEventListener(type, () => move(), { passive: true, capture: true, signal: moved.signal });
    }
    return () => moved.abort();
  }, []);
}

function isTarget(row: ThreadRow, messageId: number | null): boolean {
  return row.kind === "message" && row.message.id === messageId;
}

function useLoadMore(list: List, count: number, loadOlder: () => void, loadNewer: () => void): void {
  const { startIndex = AHEAD, endIndex = 0 } = list.range ?? {};
  useEffect(() => {
    if (startIndex < AHEAD) loadOlder();
    if (endIndex > count - AHEAD) loadNewer();
  });
}

/** How many messages came in since the reader was last at the end. */
function useFreshCount(messages: Message[], atEnd: boolean): number {
  const newest = messages.at(-1)?.id ?? null;
  const [seen, setSeen] = useState(newest);
  if (atEnd && seen !== newest) setSeen(newest);
  const from = messages.findIndex((message) => message.id === seen);
  return from === -1
    ? 0
    : messages.slice(from + 1).filter((message) => message.direction === "inbound").length;
}
