import { useMemo } from "react";
import { rem } from "../lib/rem";
import { useWidth } from "../lib/useSize";
import type { MediaFile } from "../types";
import { DateScrubber } from "./DateScrubber";
import type { GalleryFiles } from "./files";
import { MoreFailed } from "./GalleryStates";
import { GalleryTile } from "./GalleryTile";
import { columnsFor, GAP_PX, gridRows, lineAt, monthLabel, monthStart, move } from "./layout";
import type { GalleryScope } from "./list";
import type { Months } from "./months";
import { galleryOf, openAt, useGallery } from "./store";
import { useGalleryKeys } from "./useGalleryKeys";
import { useLines } from "./useLines";

/** Of the head of a month, in units of the text size. */
const HEAD_REM = 2.5;
/** What may lie over the last line. */
export const FOOT_PX = 96;
/** Around the tiles. */
const SIDE_PX = { start: 12, end: 4 };

export type ListProps = {
  scope: GalleryScope;
  /** Tells the list that is shown from others. */
  name: string;
  gallery: GalleryFiles;
  label: string;
  onOpen: (file: MediaFile) => void;
  /** Whether files can be selected; else each click opens one. */
  selectable?: boolean;
};

type GridProps = ListProps & {
  /** What a scrubber leads through, where the files are sorted by date. */
  months: Months | null;
};

/** Files as squares that fill the width; by month, with a scrubber, where they are sorted by date. */
export function MediaGalleryGrid(props: GridProps) {
  const [measured, width] = useWidth();
  const { byMonth } = props.gallery;
  return (
    <div ref={measured} className="flex min-h-0 flex-1">
      {width !== null && <Grid {...props} width={width - (byMonth ? SCRUBBER_PX : SCROLLBAR_PX)} />}
    </div>
  );
}

const SCRUBBER_PX = 44;
/** As wide as any browser's. */
const SCROLLBAR_PX = 18;

function Grid({ width, ...props }: GridProps & { width: number }) {
  const { scope, name, gallery, label, onOpen, months, selectable = true } = props;
  const { files, indexes, byMonth } = gallery;
  const cursorId = useGallery(scope, ({ cursor }) => cursor);
  const selected = useGallery(scope, (state) => state.selected);
  const columns = columnsFor(width - SIDE_PX.start - SIDE_PX.end);
  const head = Math.round(HEAD_REM * rem());
  const rows = useMemo(() => gridRows(files, columns.count, byMonth), [files, columns.count, byMonth]);
  const lines = useMemo(
    () => rows.map((row) => ({ ...row, height: row.kind === "month" ? head : columns.tile + GAP_PX })),
    [rows, head, columns.tile],
  );
  const cursor = (cursorId === null ? undefined : indexes.get(cursorId)) ?? 0;
  const shownHead = byMonth ? head : 0;
  const { list, scroller, onScroll, held, toLine } = useLines({
    scope,
    name,
    gallery,
    lines,
    head: shownHead,
    foot: FOOT_PX,
    cursorLine: lineAt(lines, cursor),
  });
  const page = () =>
    Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / (columns.tile + GAP_PX)) - 1);
  const keys = useGalleryKeys({
    scope,
    gallery,
    onOpen,
    selectable,
    moved: (key, at) => move(key, at, rows, files.length, page()),
    reveal: (at) => list.scrollToIndex(lineAt(lines, at)),
  });
  const first = Math.min(list.range?.startIndex ?? 0, rows.length - 1);
  const month = rows[first]?.month ?? null;
  const jump = (wanted: number) => {
    const at = rows.findIndex((row) => row.kind === "month" && row.month === wanted);
    if (at !== -1) return toLine(at);
    const { order } = galleryOf(scope);
    openAt(scope, monthStart(order === "desc" ? wanted + 1 : wanted).toISOString());
  };
  return (
    <>
      <div
        ref={scroller}
        data-scroller
        onScroll={onScroll}
        className="min-w-0 flex-1 overflow-y-auto overflow-x-hidden [overflow-anchor:none] data-scrubbed:[scrollbar-width:none]"
        data-scrubbed={months ? "" : undefined}
        style={{
          paddingInlineStart: SIDE_PX.start,
          paddingInlineEnd: SIDE_PX.end,
          scrollPaddingTop: head,
          paddingTop: byMonth ? 0 : 8,
        }}
      >
        {byMonth && month !== null && (
          <div aria-hidden="true" className="sticky top-0 z-10 h-0">
            <p className="flex items-center bg-page/95 font-semibold" style={{ height: head }}>
              {monthLabel(month)}
            </p>
          </div>
        )}
        <div
          ref={held}
          role="listbox"
          aria-label={label}
          aria-multiselectable={selectable}
          aria-busy={gallery.busy}
          className="relative"
          style={{ height: list.getTotalSize() }}
          {...keys}
        >
          {list.getVirtualItems().map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            return (
              <div
                key={item.key}
                role="presentation"
                className="absolute inset-x-0 flex"
                style={{ top: item.start, height: item.size, gap: GAP_PX }}
              >
                {row.kind === "month" ? (
                  <p aria-hidden="true" className="flex items-center font-semibold">
                    {monthLabel(row.month)}
                  </p>
                ) : (
                  row.files.map((media, column) => (
                    <GalleryTile
                      key={media.id}
                      media={media}
                      size={columns.tile}
                      selected={selected.has(media.id)}
                      selecting={selected.size > 0}
                      selectable={selectable}
                      tabIndex={row.at + column === cursor ? 0 : -1}
                      at={row.at + column + 1}
                      of={gallery.hasMore ? -1 : files.length}
                    />
                  ))
                )}
              </div>
            );
          })}
        </div>
        <MoreFailed gallery={gallery} />
      </div>
      {months && month !== null && (
        <div className="shrink-0 py-3" style={{ width: SCRUBBER_PX }}>
          <DateScrubber {...months} month={month} onJump={jump} />
        </div>
      )}
    </>
  );
}
