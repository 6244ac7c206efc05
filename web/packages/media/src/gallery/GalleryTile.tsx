import { clsx } from "clsx";
import { Check, Play } from "lucide-react";
import { memo } from "react";
import { fileNameOf } from "../lib/fileName";
import { formatLength } from "../lib/format";
import type { MediaFile } from "../types";
import { kindOf } from "../viewers/kind";
import { TilePicture } from "../viewers/TilePicture";
import { labelOf, stateOf } from "./label";

type GalleryTileProps = {
  media: MediaFile;
  /** How wide and high it is, in pixels. */
  size: number;
  selected: boolean;
  /** Something is selected: a click then selects as well. */
  selecting: boolean;
  /** Whether it can be selected. */
  selectable: boolean;
  tabIndex: number;
  at: number;
  of: number;
};

/** A file as a small square, with a mark to select it. */
export const GalleryTile = memo(function GalleryTile(props: GalleryTileProps) {
  const { media, size, selected, selecting } = props;
  const name = fileNameOf(media) ?? kindOf(media).label;
  const problem = stateOf(media);
  return (
    <div
      role="option"
      aria-selected={selected}
      aria-label={labelOf(media)}
      aria-posinset={props.at}
      aria-setsize={props.of}
      data-file={media.id}
      tabIndex={props.tabIndex}
      title={name}
      className="group/tile relative flex shrink-0 cursor-pointer touch-manipulation select-none flex-col items-center justify-center gap-1 overflow-hidden rounded-md bg-sunken p-1.5 text-muted -outline-offset-2 [-webkit-touch-callout:none]"
      style={{ width: size, height: size }}
    >
      <span
        className={clsx(
          "absolute inset-0 flex flex-col items-center justify-center gap-1 overflow-hidden p-1.5 transition-[scale,border-radius] duration-100",
          selected && "scale-86 rounded-lg",
        )}
      >
        <TilePicture media={media} name={name} width={size} />
        {problem && (
          <span
            className={clsx(
              "relative max-w-full truncate rounded-full px-1.5 text-[0.6875rem]",
              media.downloadStatus === "failed" ? "bg-danger-soft text-danger" : "bg-surface text-muted",
            )}
          >
            {problem}
          </span>
        )}
      </span>
      <span
        aria-hidden="true"
        className={clsx(
          "pointer-events-none absolute inset-0 rounded-md border",
          selected ? "border-2 border-accent bg-accent/15" : "border-text/10",
        )}
      />
      {media.durationMs !== null && problem === null && (
        <span className="pointer-events-none absolute end-1 bottom-1 flex items-center gap-1 rounded-full bg-black/65 px-1.5 text-[0.6875rem] text-white tabular-nums">
          <Play aria-hidden="true" className="size-2.5 fill-current" />
          {formatLength(media.durationMs / 1000)}
        </span>
      )}
      {props.selectable && <Mark selected={selected} shown={selecting} />}
    </div>
  );
});

/** A round place to click: shown to who points at the file, and on all while something is selected. */
function Mark({ selected, shown }: { selected: boolean; shown: boolean }) {
  return (
    <span
      aria-hidden="true"
      data-mark
      className={clsx(
        "absolute start-0 top-0 flex size-9 items-center justify-center",
        !selected &&
          !shown &&
          "opacity-0 group-hover/tile:opacity-100 group-focus-visible/tile:opacity-100 [@media(hover:none)]:hidden",
      )}
    >
      <span
        className={clsx(
          "flex size-5.5 items-center justify-center rounded-full border-2",
          selected
            ? "border-accent bg-accent text-on-accent"
            : "border-white bg-black/35 text-transparent ring-1 ring-black/25",
        )}
      >
        <Check className="size-3.5 stroke-3" />
      </span>
    </span>
  );
}
