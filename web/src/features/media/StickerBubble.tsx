import { FailedTile } from "@/features/media/FailedTile";
import { LoadingTile } from "@/features/media/LoadingTile";
import type { ViewerProps } from "@/features/media/MediaViewer";
import { useFocusHandover } from "@/features/media/useFocusHandover";
import { usePicture } from "@/features/media/usePicture";
import { texts } from "@/texts";

/** A sticker stands on the page itself, without a bubble. */
export function StickerBubble({ media, url, sender }: ViewerProps) {
  const picture = usePicture(media, url);
  if (picture.kind === "loading") return <LoadingTile media={media} progress={picture.progress} />;
  if (picture.kind === "failed") return <FailedTile {...picture} media={media} url={url} />;
  const { from, attempt, onLoad, onError } = picture;
  return (
    <Focusable mediaId={media.id}>
      <img
        key={attempt}
        src={from}
        alt={texts.media.stickerFrom(sender)}
        onLoad={onLoad}
        onError={onError}
        className="block size-40 object-contain"
      />
    </Focusable>
  );
}

/** There is nothing to do with a sticker; but the focus of a keyboard user has to be somewhere. */
function Focusable({ mediaId, children }: { mediaId: number; children: React.ReactNode }) {
  const ref = useFocusHandover<HTMLDivElement>(mediaId);
  return (
    <div ref={ref} tabIndex={-1} className="rounded-xl outline-none">
      {children}
    </div>
  );
}
