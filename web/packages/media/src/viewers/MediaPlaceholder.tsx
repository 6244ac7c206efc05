import {
  Ban,
  Clock,
  Download,
  type LucideIcon,
  RotateCw,
  ShieldAlert,
  Trash2,
  TriangleAlert,
} from "lucide-react";
import type { ReactNode } from "react";
import { useSecondsUntil } from "../lib/clock";
import { formatBytes, formatWait } from "../lib/format";
import { services } from "../server/services";
import { texts } from "../texts";
import type { MediaFile } from "../types";
import { Spinner } from "../ui/spinner";
import { reasonOf } from "../ui/states";
import { endOfCopy, factsOf } from "./facts";
import { kindOf } from "./kind";
import { ProgressBar } from "./ProgressBar";
import { useReveal } from "./reveal";
import type { MediaState } from "./state";
import { Frame, isSticker, TileText, type Tone } from "./tile";
import { useMediaDownload } from "./useMediaDownload";

type PendingState = Exclude<MediaState, { kind: "ready" }>;
type PlaceholderProps = { media: MediaFile; state: PendingState; onReveal: () => void };

/** Stands where a file will be, in its size, saying why it is not there yet and what can be done. */
export function MediaPlaceholder({ media, state, onReveal }: PlaceholderProps) {
  if (state.kind === "tap") return <Covered media={media} onReveal={onReveal} />;
  if (state.kind === "downloading") return <Downloading media={media} />;
  const { icon, title, detail, tone } = wordsFor(state, media);
  return (
    <Frame media={media} wordy={isSticker(media)}>
      <TileText icon={icon} title={title ?? kindOf(media).label} detail={detail} tone={tone}>
        {state.kind === "failed" && state.retryable && <RetryButton media={media} />}
      </TileText>
    </Frame>
  );
}

/** A file that is not fetched before somebody wants to see it. */
function Covered({ media, onReveal }: Omit<PlaceholderProps, "state">) {
  const seen = useReveal((state) => media.id in state.seen);
  const { icon, label } = kindOf(media);
  const again = seen && media.policy === "stream";
  const isHeard = media.fileType === "audio";
  const action = again
    ? isHeard
      ? texts.media.listenAgain
      : texts.media.viewAgain
    : isHeard
      ? texts.media.tapToListen
      : texts.media.tapToView;
  const facts = factsOf(media);
  return (
    <Frame
      media={media}
      veiled
      label={texts.media.tapLabel(label, action, facts.slice(1).join(", "))}
      onClick={onReveal}
    >
      <TileText
        icon={icon}
        narrow={isSticker(media)}
        title={action}
        detail={<bdi>{facts.join(" · ")}</bdi>}
      />
    </Frame>
  );
}

function Downloading({ media }: { media: MediaFile }) {
  const { progress } = useMediaDownload(media);
  const { label } = kindOf(media);
  const total = progress?.fileSize ?? media.fileSize;
  const done = progress?.bytesDownloaded ?? 0;
  const known = media.fileSize === null ? label : formatBytes(media.fileSize);
  const detail =
    total === null ? formatBytes(done) : texts.media.downloadingOf(formatBytes(done), formatBytes(total));
  return (
    <Frame media={media}>
      <TileText icon={Download} title={texts.media.downloading} detail={progress ? detail : known}>
        <ProgressBar label={texts.media.progress(label)} value={total && progress ? done / total : null} />
      </TileText>
    </Frame>
  );
}

function RetryButton({ media }: { media: MediaFile }) {
  const { start, starting, error } = useMediaDownload(media);
  if (!services.mayAct()) return null;
  return (
    <>
      <button
        type="button"
        onClick={() => starting || start()}
        aria-disabled={starting}
        className="mt-1.5 inline-flex min-h-8 items-center gap-1.5 rounded-full bg-accent px-3 font-medium text-on-accent text-xs hover:bg-accent-strong aria-disabled:opacity-60"
      >
        {starting ? <Spinner className="size-3.5" /> : <RotateCw aria-hidden="true" className="size-3.5" />}
        {texts.action.retry}
      </button>
      {error && (
        <span role="alert" className="mt-1 block text-danger text-xs">
          {reasonOf(error)}
        </span>
      )}
    </>
  );
}

type StateText = { icon: LucideIcon; title: string | null; detail: ReactNode; tone: Tone };

function wordsFor(
  state: Exclude<PendingState, { kind: "tap" } | { kind: "downloading" }>,
  media: MediaFile,
): StateText {
  const plain = { title: null, tone: "plain" } as const;
  switch (state.kind) {
    case "queued":
      return { ...plain, icon: Clock, detail: texts.media.queued };
    case "expired":
      return { ...plain, icon: Ban, detail: expired(state.reason || texts.media.expired, media) };
    case "deleted":
      return { ...plain, icon: Trash2, detail: texts.media.deleted };
    case "quarantined":
      return { ...plain, icon: ShieldAlert, detail: texts.media.quarantined, tone: "warning" };
    case "failed": {
      const reason = state.reason || texts.media.unknownReason;
      const detail = state.nextAttemptAt ? (
        <>
          {reason.replace(AGAIN, "")} <NextAttempt at={Date.parse(state.nextAttemptAt)} />
        </>
      ) : (
        reason
      );
      return { icon: TriangleAlert, title: texts.media.failed, detail, tone: "danger" };
    }
  }
}

/** The server's sentence for what is said more exactly here. */
const AGAIN = /\s*It will be tried again by itself\.$/;

/** When it is tried again, counted down. */
function NextAttempt({ at }: { at: number }) {
  const seconds = useSecondsUntil(at);
  return (
    <span className="tabular-nums">
      {seconds > 0 ? texts.media.retryAfter(formatWait(seconds)) : texts.media.retriedNow}
    </span>
  );
}

function expired(reason: string, media: MediaFile): string {
  return [reason, endOfCopy(media, "media_expired", reason)].filter(Boolean).join(" ");
}
