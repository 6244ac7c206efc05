import { clsx } from "clsx";
import {
  Ban,
  Clock,
  Download,
  Eye,
  type LucideIcon,
  RotateCw,
  ShieldAlert,
  Trash2,
  TriangleAlert,
} from "lucide-react";
import { useMayAct } from "@/api/roles";
import type { MediaFile } from "@/api/types";
import { Spinner } from "@/components/ui/spinner";
import { type Box, mediaBox } from "@/features/media/box";
import { kindOf } from "@/features/media/kind";
import { ProgressBar } from "@/features/media/ProgressBar";
import type { MediaState } from "@/features/media/state";
import { useMediaDownload } from "@/features/media/useMedia";
import { formatBytes, formatTime } from "@/lib/format";
import { blurOf } from "@/lib/thumbhash";
import { useReveal } from "@/stores/reveal";
import { texts } from "@/texts";

type Waiting = Exclude<MediaState, { kind: "ready" }>;
type PlaceholderProps = { media: MediaFile; state: Waiting };

/** Stands where a file will be, in its size, saying why it is not there yet and what can be done. */
export function MediaPlaceholder({ media, state }: PlaceholderProps) {
  const { progress, start, starting } = useMediaDownload(media);
  const reveal = useReveal((reveals) => reveals.reveal);
  const mayAct = useMayAct();
  const kind = kindOf(media);
  const size = media.fileSize === null ? null : formatBytes(media.fileSize);
  if (state.kind === "tap") {
    return (
      <Frame media={media} label={texts.media.tapToViewLabel(kind.label)} onClick={() => reveal(media.id)}>
        <Line
          icon={Eye}
          title={texts.media.tapToView}
          detail={[kind.label, size].filter(Boolean).join(" · ")}
        />
      </Frame>
    );
  }
  if (state.kind === "downloading") {
    const total = progress?.fileSize ?? media.fileSize;
    const done = progress?.bytesDownloaded ?? 0;
    const detail =
      total === null ? formatBytes(done) : texts.media.downloadingOf(formatBytes(done), formatBytes(total));
    return (
      <Frame media={media}>
        <Line
          icon={Download}
          title={texts.media.downloading}
          detail={progress ? detail : (size ?? kind.label)}
        >
          <ProgressBar
            label={texts.media.progress(kind.label)}
            value={total && progress ? done / total : null}
          />
        </Line>
      </Frame>
    );
  }
  const words = wordsFor(state);
  const retry = state.kind === "failed" && state.retryable && mayAct;
  return (
    <Frame media={media}>
      <Line {...words} title={words.title ?? kind.label}>
        {retry && (
          <button
            type="button"
            onClick={start}
            disabled={starting}
            className="mt-1.5 inline-flex min-h-8 items-center gap-1.5 rounded-full bg-accent px-3 font-medium text-on-accent text-xs hover:bg-accent-strong disabled:opacity-60"
          >
            {starting ? (
              <Spinner className="size-3.5" />
            ) : (
              <RotateCw aria-hidden="true" className="size-3.5" />
            )}
            {texts.action.retry}
          </button>
        )}
      </Line>
    </Frame>
  );
}

type Words = { icon: LucideIcon; title: string | null; detail: string; tone?: "danger" | "warning" };

function wordsFor(state: Exclude<Waiting, { kind: "tap" } | { kind: "downloading" }>): Words {
  switch (state.kind) {
    case "queued":
      return { icon: Clock, title: null, detail: texts.media.queued };
    case "expired":
      return { icon: Ban, title: null, detail: texts.media.expired };
    case "deleted":
      return { icon: Trash2, title: null, detail: texts.media.deleted };
    case "quarantined":
      return { icon: ShieldAlert, title: null, detail: texts.media.quarantined, tone: "warning" };
    case "failed": {
      const reason = state.reason || texts.media.unknownReason;
      const again = state.nextAttemptAt ? ` ${texts.media.retryAt(formatTime(state.nextAttemptAt))}` : "";
      return { icon: TriangleAlert, title: texts.media.failed, detail: `${reason}${again}`, tone: "danger" };
    }
  }
}

type FrameProps = { media: MediaFile; label?: string; onClick?: () => void; children: React.ReactNode };

/** The box of the file: a blurred picture of it where one is known. */
function Frame({ media, label, onClick, children }: FrameProps) {
  const box = mediaBox(media);
  const blur = isCard(media) ? null : blurOf(media.thumbhash);
  const className = clsx(
    "relative flex max-w-full items-center overflow-hidden rounded-xl bg-sunken text-start",
    isCard(media) ? "px-3 py-2" : "justify-center p-4",
  );
  const content = (
    <>
      {blur && (
        <img
          src={blur}
          alt=""
          className="absolute inset-0 size-full scale-110 object-cover opacity-70 blur-sm"
        />
      )}
      {blur && <span className="absolute inset-0 bg-surface/45" />}
      {children}
    </>
  );
  const style = frameStyle(media, box);
  if (!onClick) {
    return (
      <div className={className} style={style}>
        {content}
      </div>
    );
  }
  return (
    <button
      type="button"
      aria-label={label}
      onClick={onClick}
      className={clsx(className, "hover:brightness-97")}
      style={style}
    >
      {content}
    </button>
  );
}

/** A card may grow with its reason; a picture's box holds whatever it says. */
function frameStyle(media: MediaFile, box: Box): React.CSSProperties {
  if (isCard(media)) return { width: box.width, minHeight: box.height };
  const small = media.fileType === "sticker";
  return small ? { width: 220, minHeight: box.height } : { width: box.width, minHeight: box.height };
}

function isCard(media: MediaFile): boolean {
  return media.fileType === "audio" || media.fileType === "document";
}

type LineProps = Words & { title: string; children?: React.ReactNode };

function Line({ icon: Icon, title, detail, tone, children }: Omit<LineProps, "title"> & { title: string }) {
  return (
    <span className="relative flex w-full max-w-64 items-center gap-3">
      <span
        className={clsx(
          "flex size-10 shrink-0 items-center justify-center rounded-full",
          tone === "danger" && "bg-danger-soft text-danger",
          tone === "warning" && "bg-warning-soft text-warning",
          !tone && "bg-surface text-accent shadow-soft",
        )}
      >
        <Icon aria-hidden="true" className="size-5" />
      </span>
      <span className="min-w-0 flex-1">
        <span className="block font-medium">{title}</span>
        <span className={clsx("block text-[13px]", tone === "danger" ? "text-danger" : "text-muted")}>
          {detail}
        </span>
        {children}
      </span>
    </span>
  );
}
