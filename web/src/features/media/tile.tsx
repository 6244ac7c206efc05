import { clsx } from "clsx";
import type { LucideIcon } from "lucide-react";
import type { ReactNode, Ref } from "react";
import type { MediaFile } from "@/api/types";
import { mediaBox } from "@/features/media/box";
import { useFocusHandover } from "@/features/media/useFocusHandover";
import { blurOf } from "@/lib/thumbhash";

type FrameProps = {
  media: MediaFile;
  /** Lies under a picture that is not to be seen yet. */
  veiled?: boolean;
  children: ReactNode;
} & ({ onClick: () => void; label: string } | { onClick?: never; label?: string });

/** The box of a file that is not shown: as large as the file will be, and a blurred picture of it where one is known. */
export function Frame({ media, veiled = false, label, onClick, children }: FrameProps) {
  const ref = useFocusHandover<HTMLElement>(media.id);
  const card = isCard(media);
  const { width, height } = mediaBox(media);
  const className = clsx(
    "relative flex max-w-full items-center overflow-hidden rounded-xl bg-sunken text-start outline-none",
    card ? "px-3 py-2" : "justify-center p-3",
  );
  const content = (
    <>
      {!card && <Blur media={media} veiled={veiled} />}
      {children}
    </>
  );
  // A card may grow with its reason; a picture's box holds whatever it says.
  const style = { width, minHeight: height };
  if (!onClick) {
    return (
      <div
        ref={ref as Ref<HTMLDivElement>}
        {...(label ? { role: "group", "aria-label": label } : {})}
        tabIndex={-1}
        className={className}
        style={style}
      >
        {content}
      </div>
    );
  }
  return (
    <button
      ref={ref as Ref<HTMLButtonElement>}
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

function Blur({ media, veiled }: { media: MediaFile; veiled: boolean }) {
  const blur = blurOf(media.thumbhash);
  if (!blur) return veiled && <span aria-hidden="true" className="veil absolute inset-0" />;
  return (
    <>
      <img
        src={blur}
        alt=""
        className="absolute inset-0 size-full scale-110 object-cover opacity-70 blur-sm"
      />
      <span className="absolute inset-0 bg-surface/45" />
    </>
  );
}

export type Tone = "danger" | "warning" | "plain";

type WordsProps = {
  icon: LucideIcon;
  title: ReactNode;
  /** Further lines, each of its own look. */
  detail: ReactNode;
  tone?: Tone;
  media: MediaFile;
  children?: ReactNode;
};

/** An icon beside what there is to say; above it in a box as small as a sticker's. */
export function Words({ icon: Icon, title, detail, tone = "plain", media, children }: WordsProps) {
  const narrow = media.fileType === "sticker";
  return (
    <span
      className={clsx(
        "relative flex gap-x-3 gap-y-1.5",
        narrow ? "max-w-full flex-col items-center text-center" : "items-center",
        isCard(media) ? "w-full" : "max-w-full rounded-xl bg-surface/85 px-3 py-2",
      )}
    >
      <span
        className={clsx(
          "flex size-10 shrink-0 items-center justify-center rounded-full",
          tone === "danger" && "bg-danger-soft text-danger",
          tone === "warning" && "bg-warning-soft text-warning",
          tone === "plain" && "bg-surface text-accent shadow-soft",
        )}
      >
        <Icon aria-hidden="true" className="size-5" />
      </span>
      <span className="wrap-anywhere min-w-0 flex-1">
        <span className="block font-medium">{title}</span>
        <span className={clsx("block text-[13px]", tone === "danger" ? "text-danger" : "text-muted")}>
          {detail}
        </span>
        {children}
      </span>
    </span>
  );
}

export function isCard({ fileType }: MediaFile): boolean {
  return fileType === "audio" || fileType === "document";
}
