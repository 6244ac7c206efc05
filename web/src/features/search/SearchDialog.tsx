import { rem } from "@mediary/media/lib/rem";
import { useLoadMore } from "@mediary/media/lib/useLoadMore";
import { IconButton } from "@mediary/media/ui/button";
import { Spinner } from "@mediary/media/ui/spinner";
import { ErrorState, Skeleton } from "@mediary/media/ui/states";
import { useModal } from "@mediary/media/ui/useModal";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { clsx } from "clsx";
import { Search, X } from "lucide-react";
import { type KeyboardEvent, useCallback, useImperativeHandle, useMemo, useRef } from "react";
import { type SearchHit, type SearchPlace, searchQuery } from "@/api/search";
import { Hit, keyOf } from "@/features/search/Hit";
import { SearchHint } from "@/features/search/SearchHint";
import { keepSearch, useLastSearch } from "@/features/search/store";
import { useSettled } from "@/lib/useSettled";
import { texts } from "@/texts";

const PLACES: readonly (SearchPlace | null)[] = [null, "conversations", "messages", "media"];
const LIST_ID = "search-hits";
/** Of a hit, in units of the text size. */
const HIT_REM = 4;
/** Hits left below the window when the next page is asked for. */
const AHEAD = 8;

type SearchDialogProps = {
  words: string;
  onWords: (words: string) => void;
  onOpen: (hit: SearchHit) => void;
  onClose: () => void;
};

/** Everything that was ever written or sent, by its words. The focus stays in the field; the arrows lead through what was found. */
export function SearchDialog({ words, onWords, onOpen, onClose }: SearchDialogProps) {
  const client = useQueryClient();
  const { ref, onCancel } = useModal(onClose);
  const place = useLastSearch((state) => state.place);
  const [typed, type] = useSettled(words, onWords);
  const query = useInfiniteQuery({
    ...searchQuery(words, place),
    enabled: words !== "",
    placeholderData: (last, before) => (before?.queryKey[2] === place ? last : undefined),
  });
  const hits = useMemo(
    () => (words === "" ? [] : (query.data?.pages.flatMap(({ items }) => items) ?? [])),
    [query.data, words],
  );
  const kept = useLastSearch((state) => state.current);
  const at = Math.max(
    0,
    hits.findIndex((hit) => keyOf(hit) === kept),
  );
  const list = useRef<{ reveal: (index: number) => void }>(null);
  const move = (index: number) => {
    const next = Math.min(hits.length - 1, Math.max(0, index));
    const hit = hits[next];
    if (!hit) return;
    keepSearch({ current: keyOf(hit) });
    list.current?.reveal(next);
  };
  const settled = typed.trim() === words && !query.isPlaceholderData;
  const openFirst = async () => {
    // Enter comes before the words have settled, and before their answer.
    const asked = typed.trim();
    if (asked === "") return;
    onWords(asked);
    const found = await client.fetchInfiniteQuery(searchQuery(asked, place));
    const [first] = found.pages[0]?.items ?? [];
    if (first) onOpen(first);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const hit = hits[at];
    const acts: Partial<Record<string, () => void>> = {
      ArrowDown: () => move(at + 1),
      ArrowUp: () => move(at - 1),
      PageDown: () => move(at + 6),
      PageUp: () => move(at - 6),
      // What went wrong shows in the list.
      Enter: () => (settled ? hit && onOpen(hit) : void openFirst().catch(() => {})),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  // The dialog takes the focus for itself; here it belongs into the field.
  const opened = useCallback(
    (dialog: HTMLDialogElement | null) => {
      const closed = ref(dialog);
      dialog?.querySelector("input")?.select();
      return closed;
    },
    [ref],
  );
  return (
    <dialog
      ref={opened}
      onCancel={onCancel}
      tabIndex={-1}
      aria-label={texts.search.title}
      className="m-0 h-dvh max-h-none w-screen max-w-none flex-col overflow-hidden border-line bg-raised p-0 text-text shadow-float outline-none backdrop:bg-black/45 open:flex md:mx-auto md:mt-[9dvh] md:h-[min(40rem,82dvh)] md:w-[min(44rem,calc(100vw-3rem))] md:rounded-2xl md:border"
    >
      <search className="flex shrink-0 items-center gap-2 ps-4 pe-2 pt-2">
        {query.isFetching ? (
          <Spinner className="size-5 shrink-0 text-muted" />
        ) : (
          <Search aria-hidden="true" className="size-5 shrink-0 text-muted" />
        )}
        <input
          type="text"
          role="combobox"
          dir="auto"
          enterKeyHint="search"
          value={typed}
          aria-label={texts.search.field}
          placeholder={texts.search.field}
          aria-expanded={hits.length > 0}
          aria-controls={LIST_ID}
          aria-autocomplete="list"
          aria-activedescendant={hits.length > 0 ? optionId(at) : undefined}
          onChange={({ target }) => {
            keepSearch({ current: null });
            type(target.value);
          }}
          onKeyDown={onKeyDown}
          className="h-11 min-w-0 flex-1 bg-transparent text-ellipsis text-base outline-none placeholder:text-muted"
        />
        <IconButton label={texts.action.close} onClick={onClose}>
          <X className="size-5" />
        </IconButton>
      </search>
      <Places place={place} />
      <p role="status" className="sr-only">
        {status(words, hits.length, query)}
      </p>
      <div className="min-h-0 flex-1 border-line border-t">
        {words === "" ? (
          <SearchHint title={texts.search.hint} detail={texts.search.hintDetail} />
        ) : query.isPending ? (
          <HitsSkeleton />
        ) : query.isError && hits.length === 0 ? (
          <ErrorState title={texts.search.failed} error={query.error} retry={() => void query.refetch()} />
        ) : hits.length === 0 ? (
          <SearchHint title={texts.search.nothing(words)} detail={texts.search.nothingDetail} nothing />
        ) : (
          <Hits
            key={`${place}`}
            ref={list}
            hits={hits}
            at={at}
            stale={query.isPlaceholderData}
            onOpen={onOpen}
            onEnd={() => {
              if (query.hasNextPage && !query.isFetching && !query.isError) void query.fetchNextPage();
            }}
          />
        )}
      </div>
      <Keys />
    </dialog>
  );
}

const optionId = (at: number) => `${LIST_ID}-${at}`;

function status(
  words: string,
  count: number,
  query: { isFetching: boolean; isSuccess: boolean; hasNextPage: boolean },
): string {
  if (words === "") return "";
  if (query.isFetching) return texts.search.loading;
  if (!query.isSuccess) return "";
  return count === 0 ? texts.search.nothing(words) : texts.search.found(count, query.hasNextPage);
}

function Places({ place }: { place: SearchPlace | null }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: buttons of a bar are no form
    <div
      role="group"
      aria-label={texts.search.placesLabel}
      className="flex shrink-0 gap-1 overflow-x-auto px-3 py-2"
    >
      {PLACES.map((one) => (
        <button
          key={one ?? "all"}
          type="button"
          aria-pressed={place === one}
          onClick={() => keepSearch({ place: one, current: null })}
          className={clsx(
            "min-h-8 shrink-0 rounded-full px-3 pointer-coarse:min-h-11",
            place === one
              ? "bg-selected font-medium text-accent-strong"
              : "text-muted hover:bg-hover hover:text-text",
          )}
        >
          {texts.search.places[one ?? "all"]}
        </button>
      ))}
    </div>
  );
}

type HitsProps = {
  ref: React.Ref<{ reveal: (index: number) => void }>;
  hits: SearchHit[];
  at: number;
  stale: boolean;
  onOpen: (hit: SearchHit) => void;
  onEnd: () => void;
};

function Hits({ ref, hits, at, stale, onOpen, onEnd }: HitsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const height = Math.round(HIT_REM * rem());
  const list = useVirtualizer({
    count: hits.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    getItemKey: useCallback((index: number) => (hits[index] ? keyOf(hits[index]) : index), [hits]),
    initialOffset: () => Math.max(0, (at - 3) * height),
    overscan: 6,
    paddingStart: 6,
    paddingEnd: 6,
    scrollPaddingStart: 6,
    scrollPaddingEnd: 6,
  });
  const { scrollToIndex } = list;
  useImperativeHandle(ref, () => ({ reveal: (index) => scrollToIndex(index) }), [scrollToIndex]);
  useLoadMore((list.range?.endIndex ?? 0) >= hits.length - AHEAD, onEnd);
  return (
    <div
      ref={scroller}
      id={LIST_ID}
      role="listbox"
      aria-label={texts.search.hits}
      className={clsx("h-full overflow-y-auto overflow-x-hidden transition-opacity", stale && "opacity-45")}
    >
      <div role="presentation" className="relative" style={{ height: list.getTotalSize() }}>
        {list.getVirtualItems().map((item) => {
          const hit = hits[item.index];
          if (!hit) return null;
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys
            <div
              key={item.key}
              id={optionId(item.index)}
              role="option"
              tabIndex={-1}
              aria-selected={item.index === at}
              aria-posinset={item.index + 1}
              aria-setsize={hits.length}
              onClick={() => onOpen(hit)}
              className={clsx(
                "absolute inset-x-1.5 cursor-pointer rounded-xl",
                item.index === at ? "bg-selected" : "hover:bg-hover",
              )}
              style={{ top: item.start, height: item.size }}
            >
              <Hit hit={hit} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

function HitsSkeleton() {
  return (
    <div role="status" aria-label={texts.search.loading} className="flex flex-col p-1.5">
      {[48, 64, 40, 56, 70].map((width) => (
        <span key={width} className="flex h-16 items-center gap-3 px-3">
          <Skeleton className="size-11 rounded-full" />
          <span className="flex flex-1 flex-col gap-2.5">
            <Skeleton className="h-3.5 w-1/3" />
            <Skeleton className="h-3" style={{ width: `${width}%` }} />
          </span>
        </span>
      ))}
    </div>
  );
}

/** What the keys do, where there are any. */
function Keys() {
  const { move, open, close } = texts.search.keys;
  const keys = [
    ["↑ ↓", move],
    ["Enter", open],
    ["Esc", close],
  ];
  return (
    <p
      aria-hidden="true"
      className="flex shrink-0 gap-4 border-line border-t px-4 py-2 text-muted text-xs pointer-coarse:hidden"
    >
      {keys.map(([key, does]) => (
        <span key={key}>
          <kbd className="me-1 rounded-md border border-line bg-sunken px-1.5 py-0.5 font-sans">{key}</kbd>
          {does}
        </span>
      ))}
    </p>
  );
}
