import { clsx } from "clsx";
import {
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
  useCallback,
  useId,
  useRef,
  useState,
} from "react";
import { fileNameOf } from "../lib/fileName";
import { formatBytes, formatDateTime, formatLength } from "../lib/format";
import { texts } from "../texts";
import type { MediaFile } from "../types";
import { placePopover } from "../ui/placePopover";
import { documentKind } from "./documentKind";
import { kindOf } from "./kind";
import { mediaState } from "./state";
import { VariantPicture } from "./VariantPicture";
import { isPdf, pictureUrl } from "./variants";

/** Who passes by wants no preview; and who goes on to it must not lose it on the way. */
const OPEN_MS = 450;
const CLOSE_MS = 150;

const WIDTH_PX = 272;
const HEIGHT_PX = { min: 120, max: 340 };
const PAGE_RATIO = 1.3;

/** For what a preview belongs to. */
export type PreviewTrigger = {
  "aria-describedby": string | undefined;
  onPointerEnter: (event: PointerEvent<HTMLElement>) => void;
  onPointerLeave: () => void;
  onPointerDown: () => void;
  onFocus: (event: { currentTarget: HTMLElement }) => void;
  onBlur: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
};

type MediaPreviewPopoverProps = { media: MediaFile; children: (trigger: PreviewTrigger) => ReactNode };

/** Shows what a file is to who rests on its name, by mouse or by keyboard: its first page or a picture of it, and what is known of it. */
export function MediaPreviewPopover({ media, children }: MediaPreviewPopoverProps) {
  const id = useId();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const later = (ms: number, next: HTMLElement | null) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setAnchor(next?.isConnected ? next : null), ms);
  };
  const close = () => {
    clearTimeout(timer.current);
    setAnchor(null);
  };
  const trigger: PreviewTrigger = {
    "aria-describedby": anchor ? id : undefined,
    onPointerEnter: ({ currentTarget, pointerType }) => {
      if (pointerType === "mouse") later(OPEN_MS, currentTarget);
    },
    onPointerLeave: () => later(CLOSE_MS, null),
    onPointerDown: close,
    onFocus: ({ currentTarget }) => {
      if (currentTarget.matches(":focus-visible")) later(OPEN_MS, currentTarget);
    },
    onBlur: close,
    onKeyDown: (event) => {
      if (anchor === null) return;
      // It closes this, and nothing beneath.
      if (event.key === "Escape") event.preventDefault();
      close();
    },
  };
  return (
    <>
      {children(trigger)}
      {anchor && (
        <Panel
          id={id}
          media={media}
          anchor={anchor}
          onStay={() => clearTimeout(timer.current)}
          onLeave={() => later(CLOSE_MS, null)}
          onGone={close}
        />
      )}
    </>
  );
}

type PanelProps = {
  id: string;
  media: MediaFile;
  anchor: HTMLElement;
  onStay: () => void;
  onLeave: () => void;
  onGone: () => void;
};

function Panel({ id, media, anchor, onStay, onLeave, onGone }: PanelProps) {
  const gone = useRef(onGone);
  gone.current = onGone;
  const open = useCallback(
    (panel: HTMLDivElement | null) => {
      if (panel === null) return undefined;
      panel.showPopover();
      placeBeside(panel, anchor);
      // What it belongs to moves away from under it.
      const leave = () => gone.current();
      window.addEventListener("scroll", leave, { capture: true });
      return () => window.removeEventListener("scroll", leave, { capture: true });
    },
    [anchor],
  );
  const name = fileNameOf(media);
  return (
    <div
      ref={open}
      id={id}
      role="tooltip"
      popover="manual"
      onPointerEnter={onStay}
      onPointerLeave={onLeave}
      className="fixed inset-auto m-0 animate-appear overflow-hidden rounded-2xl border border-line bg-raised p-0 text-start text-text shadow-float"
      style={{ width: WIDTH_PX }}
    >
      <Picture media={media} />
      <div className="flex flex-col gap-0.5 px-3 py-2.5">
        {name && (
          <p dir="auto" className="wrap-anywhere font-medium leading-snug">
            {name}
          </p>
        )}
        {factsOf(media).map((line) => (
          <p key={line} className={clsx("text-muted text-xs", !name && "first:text-sm first:text-text")}>
            <bdi>{line}</bdi>
          </p>
        ))}
      </div>
    </div>
  );
}

const GAP_PX = 8;

/** Beside what it belongs to, which it must not cover; above or below that only where there is no room at its sides. */
function placeBeside(panel: HTMLElement, anchor: HTMLElement): void {
  const from = anchor.getBoundingClientRect();
  const { width, height } = panel.getBoundingClientRect();
  const sides = [from.right + GAP_PX, from.left - GAP_PX - width];
  if (getComputedStyle(anchor).direction === "rtl") sides.reverse();
  const left = sides.find((side) => side >= GAP_PX && side + width <= window.innerWidth - GAP_PX);
  if (left === undefined) {
    placePopover(panel, anchor);
    return;
  }
  const lowest = window.innerHeight - height - GAP_PX;
  panel.style.left = `${left}px`;
  panel.style.top = `${Math.max(GAP_PX, Math.min(from.top, lowest))}px`;
}

/** Only of what is here: a look must not fetch what nobody asked to see. */
function Picture({ media }: { media: MediaFile }) {
  const { icon: Icon, colour } = documentKind(media);
  const has = mediaState(media).kind === "ready" && pictureUrl(media, WIDTH_PX) !== null;
  return (
    <div
      className="relative flex items-center justify-center overflow-hidden border-line border-b bg-sunken"
      style={{ height: has ? heightOf(media) : HEIGHT_PX.min }}
    >
      {has ? (
        <VariantPicture media={media} width={WIDTH_PX} />
      ) : (
        <span className={clsx("flex size-14 items-center justify-center rounded-2xl", colour)}>
          <Icon aria-hidden="true" className="size-7" />
        </span>
      )}
    </div>
  );
}

function heightOf(media: MediaFile): number {
  const { width, height } = media;
  const ratio = isPdf(media) ? PAGE_RATIO : width && height ? height / width : 1;
  return Math.round(Math.min(HEIGHT_PX.max, Math.max(HEIGHT_PX.min, WIDTH_PX * ratio)));
}

/** Its kind and size, what it measures, and when it came. */
function factsOf(media: MediaFile): string[] {
  const { fileSize, pages, width, height, durationMs } = media;
  const kind = media.fileType === "document" ? documentKind(media).label : kindOf(media).label;
  const measures = [
    kind,
    fileSize === null ? null : formatBytes(fileSize),
    pages === null ? null : texts.media.pages(pages),
    width && height ? texts.media.dimensions(width, height) : null,
    durationMs === null ? null : formatLength(durationMs / 1000),
  ];
  return [measures.filter(Boolean).join(" · "), formatDateTime(media.createdAt)];
}
