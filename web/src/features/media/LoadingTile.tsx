import type { Progress } from "@/api/bytes";
import type { MediaFile } from "@/api/types";
import { Spinner } from "@/components/ui/spinner";
import { kindOf } from "@/features/media/kind";
import { ProgressBar } from "@/features/media/ProgressBar";
import { Frame, isSticker, TileText } from "@/features/media/tile";
import { formatBytes } from "@/lib/format";
import { texts } from "@/texts";

/** From this size on a file may take long enough to want to know how far it is. */
const LARGE_BYTES = 1_000_000;

/** Stands for a file that was asked for and is on its way. */
export function LoadingTile({ media, progress }: { media: MediaFile; progress: Progress }) {
  const { label } = kindOf(media);
  const { bytes, total } = progress;
  const counted = bytes > 0 && (total === null || total >= LARGE_BYTES);
  const done = formatBytes(bytes);
  const detail = total === null ? done : texts.media.downloadingOf(done, formatBytes(total));
  return (
    <Frame media={media} veiled empty label={texts.media.loadingLabel(label)}>
      <TileText
        icon={Spinner}
        narrow={isSticker(media)}
        title={texts.media.loading}
        detail={counted && <span className="whitespace-nowrap tabular-nums">{detail}</span>}
      >
        {counted && (
          <ProgressBar label={texts.media.progress(label)} value={total === null ? null : bytes / total} />
        )}
      </TileText>
    </Frame>
  );
}
