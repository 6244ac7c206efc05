import type { Progress } from "@/api/bytes";
import type { MediaFile } from "@/api/types";
import { Spinner } from "@/components/ui/spinner";
import { kindOf } from "@/features/media/kind";
import { ProgressBar } from "@/features/media/ProgressBar";
import { Frame, isCard } from "@/features/media/tile";
import { formatBytes } from "@/lib/format";
import { texts } from "@/texts";

/** From this size on a file may take long enough to want to know how far it is. */
const LARGE_BYTES = 1_000_000;

/** Stands for a file that was asked for and is on its way. */
export function LoadingTile({ media, progress }: { media: MediaFile; progress: Progress }) {
  const { label } = kindOf(media);
  const { bytes, total } = progress;
  const counted = bytes > 0 && (total === null || total >= LARGE_BYTES);
  return (
    <Frame media={media} veiled label={texts.media.loadingLabel(label)}>
      <span
        className={
          isCard(media)
            ? "flex w-full items-center gap-3"
            : "relative flex max-w-full items-center gap-3 rounded-xl bg-surface/85 px-3 py-2"
        }
      >
        <span className="flex size-10 shrink-0 items-center justify-center rounded-full bg-surface text-accent shadow-soft">
          <Spinner className="size-5" />
        </span>
        <span className="min-w-0 flex-1">
          <span className="block font-medium">{texts.media.loading}</span>
          {counted && (
            <>
              <span className="block whitespace-nowrap text-[13px] text-muted tabular-nums">
                {total === null
                  ? formatBytes(bytes)
                  : texts.media.downloadingOf(formatBytes(bytes), formatBytes(total))}
              </span>
              <ProgressBar
                label={texts.media.progress(label)}
                value={total === null ? null : bytes / total}
              />
            </>
          )}
        </span>
      </span>
    </Frame>
  );
}
