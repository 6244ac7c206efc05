import { clsx } from "clsx";
import { type ComponentType, type ReactNode, useCallback } from "react";
import { blurOf } from "../lib/thumbhash";
import type { MediaFile } from "../types";
import { mediaBox } from "./box";
import { markEmpty } from "./reveal";

type FrameProps = {
  media: MediaFile;
  /** Lies under a picture that is not to be seen yet. */
  veiled?: boolean;
  /** Has more to say than a sticker has room for, beside what may lie over its corners. */
  wordy?: boolean;
  /** Nothing of the file shows, though somebody asked to see it. */
  empty?: boolean;
  /** Fills the frame beneath its words. */
  beneath?: ReactNode;
  /** A picture of the file, in place of the blurred one. */
  behind?: ReactNode;
  children: ReactNode;
} & ({ onClick: () => void; label: string } | { onClick?: never; label?: string });

/** The least width at which a sentence reads well. */
const WORDY_WIDTH = 260;

/** The box of a file that is not shown: as large as the file will be, and a blurred picture of it where one is known. */
export function Frame(props: FrameProps) {
  const {
    media,
    veiled = false,
    wordy = false,
    empty = false,
    label,
    onClick,
    beneath,
    behind,
    children,
  } = props;
  const marked = useCallback(() => markEmpty(media.id), [media.id]);
  const card = isCard(media);
  const { width, height } = mediaBox(media);
  const className = clsx(
    "relative flex max-w-full items-center overflow-hidden rounded-xl text-start",
    // A sticker has no bubble around it.
    isSticker(media) ? "bg-surface shadow-soft" : "bg-sunken",
    card ? "px-3 py-2" : "justify-center p-3",
    wordy && !card && "pt-12 pb-9",
  );
  const blur = card ? null : blurOf(media.thumbhash);
  const covered = !card && (veiled || blur !== null || Boolean(behind));
  const content = (
    <>
      {behind ?? (covered && <Blur picture={blur} />)}
      {beneath}
      <span
        className={clsx(
          "relative flex max-w-full items-center",
          card && "w-full",
          covered && clsx("rounded-xl px-3 py-2", behind ? "bg-surface/95" : "bg-surface/85"),
          beneath && "pointer-events-none",
        )}
      >
        {children}
      </span>
    </>
  );
  // A card may grow with its reason; a picture's box holds whatever it says.
  const style = { width: wordy ? Math.max(width, WORDY_WIDTH) : width, minHeight: height };
  if (!onClick) {
    return (
      <div
        ref={empty ? marked : undefined}
        {...(label ? { role: "group", "aria-label": label } : {})}
        className={className}
        style={style}
      >
        {content}
      </div>
    );
  }
  return (
    <button
      type="button"
      aria-label={label}
      onClick={onClick}
      className={clsx(className, "hover:brightness-97 focus-visible:outline-2")}
      style={style}
    >
      {content}
    </button>
  );
}

/** Covers the box around it: with the blurred picture where one is known, else with colours that say nothing. */
export function Blur({ picture }: { picture: string | null }) {
  if (picture === null) return <span aria-hidden="true" className="veil absolute inset-0" />;
  return (
    <>
      <img
        src={picture}
        alt=""
        className="absolute inset-0 size-full scale-110 object-cover opacity-70 blur-sm"
      />
      <span className="absolute inset-0 bg-surface/45" />
    </>
  );
}

export type Tone = "danger" | "warning" | "plain";

type TileTextProps = {
  icon: ComponentType<{ className?: string }>;
  title: ReactNode;
  detail: ReactNode;
  tone?: Tone;
  /** In a box as small as a sticker's the icon stands above them. */
  narrow?: boolean;
  children?: ReactNode;
};

/** What there is to say in a frame, beside an icon. */
export function TileText({
  icon: Icon,
  title,
  detail,
  tone = "plain",
  narrow = false,
  children,
}: TileTextProps) {
  return (
    <span
      className={clsx(
        "flex max-w-full flex-1 items-center gap-x-3 gap-y-1.5",
        narrow && "flex-col text-center",
      )}
    >
      <span
        aria-hidden="true"
        className={clsx(
          "flex size-10 shrink-0 items-center justify-center rounded-full",
          tone === "danger" && "bg-danger-soft text-danger",
          tone === "warning" && "bg-warning-soft text-warning",
          tone === "plain" && "bg-surface text-accent shadow-soft",
        )}
      >
        <Icon className="size-5" />
      </span>
      <span className="wrap-anywhere min-w-0 flex-1">
        <span className={clsx("block font-medium", tone === "danger" && "text-danger")}>{title}</span>
        <span className="block text-[0.8125rem] text-muted">{detail}</span>
        {children}
      </span>
    </span>
  );
}

export function isCard({ fileType }: MediaFile): boolean {
  return fileType === "audio" || fileType === "document";
}

export function isSticker({ fileType }: MediaFile): boolean {
  return fileType === "sticker";
}
