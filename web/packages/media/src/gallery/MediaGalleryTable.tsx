import { clsx } from "clsx";
import { ArrowDown, ArrowUp, Check, MessageSquareText } from "lucide-react";
import { memo, type ReactNode, useMemo } from "react";
import { useNow } from "../lib/clock";
import { fileNameOf, shortName } from "../lib/fileName";
import { formatBytes, formatDateTime, formatMoment, formatShort } from "../lib/format";
import { rem } from "../lib/rem";
import { texts } from "../texts";
import type { MediaFile } from "../types";
import { IconButton } from "../ui/button";
import { documentKind } from "../viewers/documentKind";
import { FileDownloadButton } from "../viewers/FileDownloadButton";
import { kindOf } from "../viewers/kind";
import { MediaPreviewPopover } from "../viewers/MediaPreviewPopover";
import { mediaState } from "../viewers/state";
import { TilePicture } from "../viewers/TilePicture";
import { MoreFailed } from "./GalleryStates";
import { labelOf, stateOf } from "./label";
import type { GallerySort } from "./list";
import { FOOT_PX, type ListProps } from "./MediaGalleryGrid";
import { changeSort, useGallery } from "./store";
import { useGalleryKeys } from "./useGalleryKeys";
import { useLines } from "./useLines";

/** Of a line, in units of the text size. */
const LINE_REM = 3.5;
const HEAD_REM = 2.25;
const THUMB_PX = 44;

/** The same columns in every line; on a phone the name alone, with the rest beneath it. */
const COLUMNS =
  "grid grid-cols-[2.25rem_2.75rem_minmax(0,1fr)_auto] items-center gap-x-3 ps-2 pe-2 md:grid-cols-[2.25rem_2.75rem_minmax(0,2fr)_minmax(0,1fr)_5.5rem_11rem_minmax(0,1fr)_5rem] md:ps-3";

type TableProps = ListProps & {
  /** Shows a file where it was sent; without it there is no such button. */
  onJump?: (file: MediaFile) => void;
  /** Who sent a file; asked about what is in sight once nothing is being scrolled. */
  sender?: (file: MediaFile, settled: boolean) => ReactNode;
};

/** Files line by line, with what is known of each. */
export function MediaGalleryTable(props: TableProps) {
  const { scope, name, gallery, label, onOpen, onJump, sender, selectable = true } = props;
  const { files, indexes } = gallery;
  const cursorId = useGallery(scope, ({ cursor }) => cursor);
  const selected = useGallery(scope, (state) => state.selected);
  const height = Math.round(LINE_REM * rem());
  const lines = useMemo(() => files.map(({ id }, at) => ({ key: String(id), at, height })), [files, height]);
  const cursor = (cursorId === null ? undefined : indexes.get(cursorId)) ?? 0;
  // The lines begin below the head, which stays in sight: so much less of them is.
  const head = Math.round(HEAD_REM * rem());
  const options = { scope, name, gallery, lines, head: 0, foot: FOOT_PX + head, cursorLine: cursor };
  const { list, scroller, onScroll, held } = useLines(options);
  const page = () => Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / height) - 1);
  const keys = useGalleryKeys({
    scope,
    gallery,
    onOpen,
    selectable,
    moved: (key, at) => moved(key, at, files.length, page()),
    reveal: (at) => list.scrollToIndex(at),
  });
  return (
    <div
      ref={scroller}
      data-scroller
      onScroll={onScroll}
      className="min-h-0 flex-1 overflow-y-auto overflow-x-hidden [overflow-anchor:none]"
      style={{ scrollPaddingTop: head, scrollPaddingBottom: FOOT_PX }}
    >
      <table
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: its lines are selected, and walked by keyboard
        role="grid"
        aria-label={label}
        aria-multiselectable={selectable}
        aria-busy={gallery.busy}
        aria-rowcount={gallery.hasMore ? -1 : files.length + 1}
        className="block"
      >
        <Head scope={scope} named={sender !== undefined} />
        <tbody ref={held} className="relative block" style={{ height: list.getTotalSize() }} {...keys}>
          {list.getVirtualItems().map((item) => {
            const media = files[item.index];
            if (!media) return null;
            return (
              <Row
                key={item.key}
                media={media}
                at={item.index}
                top={item.start}
                height={item.size}
                selected={selected.has(media.id)}
                selecting={selected.size > 0}
                current={item.index === cursor}
                settled={!list.isScrolling}
                selectable={selectable}
                onJump={onJump}
                sender={sender}
              />
            );
          })}
        </tbody>
      </table>
      <MoreFailed gallery={gallery} />
    </div>
  );
}

function moved(key: string, at: number, count: number, page: number): number | null {
  const steps: Partial<Record<string, number>> = {
    ArrowUp: -1,
    ArrowDown: 1,
    PageUp: -page,
    PageDown: page,
    Home: -count,
    End: count,
  };
  const step = steps[key];
  return step === undefined ? null : Math.min(count - 1, Math.max(0, at + step));
}

function Head({ scope, named }: Pick<TableProps, "scope"> & { named: boolean }) {
  const c = texts.gallery.columns;
  return (
    <thead className="sticky top-0 z-10 block border-line border-b bg-page max-md:sr-only">
      <tr className={clsx(COLUMNS, "h-9 text-muted text-xs")}>
        <th className="col-span-2">
          <span className="sr-only">{c.preview}</span>
        </th>
        <SortHead scope={scope} sort="name" label={c.name} />
        <th className="text-start font-normal">{c.type}</th>
        <SortHead scope={scope} sort="size" label={c.size} className="justify-self-end" />
        <SortHead scope={scope} sort="date" label={c.date} />
        {named ? <th className="text-start font-normal">{c.sender}</th> : <td />}
        <th>
          <span className="sr-only">{c.actions}</span>
        </th>
      </tr>
    </thead>
  );
}

type SortHeadProps = Pick<TableProps, "scope"> & { sort: GallerySort; label: string; className?: string };

function SortHead({ scope, sort, label, className }: SortHeadProps) {
  const current = useGallery(scope, (state) => (state.sort === sort ? state.order : null));
  const Arrow = current === "asc" ? ArrowUp : ArrowDown;
  const order = current === "asc" ? "ascending" : "descending";
  return (
    <th aria-sort={current === null ? "none" : order} className={clsx("text-start font-normal", className)}>
      <button
        type="button"
        onClick={() => changeSort(scope, sort)}
        className={clsx(
          "-mx-2 inline-flex min-h-7 items-center gap-1 rounded-md px-2 hover:bg-hover",
          current !== null && "font-semibold text-text",
        )}
      >
        {label}
        {current !== null && <Arrow aria-hidden="true" className="size-3.5" />}
      </button>
    </th>
  );
}

type RowProps = {
  media: MediaFile;
  at: number;
  top: number;
  height: number;
  selected: boolean;
  selecting: boolean;
  current: boolean;
  /** Nothing is being scrolled: what is in sight may be asked about. */
  settled: boolean;
  selectable: boolean;
  onJump: TableProps["onJump"];
  sender: TableProps["sender"];
};

const Row = memo(function Row(props: RowProps) {
  const { media, selected, selecting, current } = props;
  const now = useNow();
  const name = fileNameOf(media);
  const kind = media.fileType === "document" ? documentKind(media).label : kindOf(media).label;
  const size = media.fileSize === null ? "" : formatBytes(media.fileSize);
  const date = formatShort(media.createdAt, now);
  const problem = stateOf(media);
  const tone = media.downloadStatus === "failed" ? "text-danger" : "text-muted";
  return (
    <tr
      aria-rowindex={props.at + 2}
      aria-selected={selected}
      aria-label={labelOf(media)}
      data-file={media.id}
      tabIndex={current ? 0 : -1}
      className={clsx(
        COLUMNS,
        "group/row absolute inset-x-0 cursor-pointer touch-manipulation select-none border-line/60 border-b -outline-offset-2",
        selected ? "bg-selected" : "hover:bg-hover",
      )}
      style={{ top: props.top, height: props.height }}
    >
      <td data-mark className="flex h-full items-center justify-center">
        <span
          aria-hidden="true"
          className={clsx(
            "flex size-5 items-center justify-center rounded-full border-2",
            selected ? "border-accent bg-accent text-on-accent" : "border-muted/60 text-transparent",
            !props.selectable && "invisible",
            !selected &&
              !selecting &&
              "opacity-0 group-hover/row:opacity-100 group-focus-visible/row:opacity-100 [@media(hover:none)]:opacity-60",
          )}
        >
          <Check className="size-3 stroke-3" />
        </span>
      </td>
      <td className="relative flex size-11 items-center justify-center overflow-hidden rounded-md bg-sunken text-muted [&_bdi]:hidden">
        <TilePicture media={media} name="" width={THUMB_PX} />
      </td>
      <td className="min-w-0">
        <MediaPreviewPopover media={media}>
          {(preview) => (
            <span {...preview} className="block w-fit max-w-full truncate font-medium">
              <bdi>{name === null ? kind : shortName(name)}</bdi>
            </span>
          )}
        </MediaPreviewPopover>
        <span className={clsx("block truncate text-xs md:hidden", tone)}>
          <bdi>{[problem, size, date].filter(Boolean).join(" · ")}</bdi>
        </span>
        {problem && <span className={clsx("hidden truncate text-xs md:block", tone)}>{problem}</span>}
      </td>
      <td className="hidden truncate text-muted md:block">{kind}</td>
      <td className="hidden justify-self-end text-muted tabular-nums md:block">{size}</td>
      <td className="hidden truncate text-muted tabular-nums md:block">
        <time dateTime={media.createdAt} title={formatDateTime(media.createdAt)}>
          {formatMoment(media.createdAt)}
        </time>
      </td>
      <td className="hidden min-w-0 text-muted md:block">{props.sender?.(media, props.settled)}</td>
      <Actions media={media} current={current} onJump={props.onJump} />
    </tr>
  );
});

function Actions({ media, current, onJump }: Pick<RowProps, "media" | "current" | "onJump">) {
  const state = mediaState(media);
  return (
    <td className="flex justify-end opacity-0 group-focus-within/row:opacity-100 group-hover/row:opacity-100 group-focus/row:opacity-100 [@media(hover:none)]:opacity-100">
      {state.kind === "ready" && media.downloadStatus === "completed" && (
        <FileDownloadButton media={media} url={state.url} tabIndex={current ? 0 : -1} />
      )}
      {onJump && (
        <IconButton
          label={texts.gallery.showInThread}
          tabIndex={current ? 0 : -1}
          onClick={() => onJump(media)}
          className="max-md:hidden"
        >
          <MessageSquareText className="size-4.5" />
        </IconButton>
      )}
    </td>
  );
}
