import { formatBytes } from "../lib/format";
import type { Progress } from "../server/bytes";
import { texts } from "../texts";
import type { MediaFile } from "../types";
import { Spinner } from "../ui/spinner";
import { kindOf } from "./kind";
import { ProgressBar } from "./ProgressBar";
import { Frame, isSticker, TileText } from "./tile";

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
