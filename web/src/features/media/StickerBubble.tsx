import { FailedTile } from "@/features/media/FailedTile";
import type { ViewerProps } from "@/features/media/MediaViewer";
import { useLoad } from "@/features/media/useLoad";
import { texts } from "@/texts";

/** A sticker stands on the page itself, without a bubble. */
export function StickerBubble({ media, url, sender }: ViewerProps) {
  const { phase, attempt, onLoad, onError, retry } = useLoad();
  if (phase === "failed")
    return <FailedTile media={media} url={url} fallback={texts.media.notShown} retry={retry} />;
  return (
    <img
      key={attempt}
      src={url}
      alt={texts.media.stickerFrom(sender)}
      onLoad={onLoad}
      onError={onError}
      className="block size-40 object-contain"
    />
  );
}
