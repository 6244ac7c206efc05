import { useState } from "react";
import { blurOf } from "../lib/thumbhash";
import { useMediaMatch } from "../lib/useMediaMatch";
import { texts } from "../texts";
import { FailedTile } from "./FailedTile";
import type { Failure } from "./failure";
import { LoadingTile } from "./LoadingTile";
import { refusalOf } from "./making";
import { isOnDemand } from "./state";
import { usePicture } from "./usePicture";
import { useVariant } from "./useVariant";
import { stillUrl } from "./variants";
import type { ViewerProps } from "./viewerProps";

/**
 * A sticker stands on the page itself, without a bubble. It has no large view, so that one that moves, or of which there is no still,
 * is shown as it is: WhatsApp's stickers have 500 kB at most.
 */
export function StickerBubble(props: ViewerProps) {
  const { media } = props;
  const calm = useMediaMatch("(prefers-reduced-motion: reduce)");
  const [onDemand] = useState(() => isOnDemand(media));
  const still = useVariant(media, onDemand || (media.animated && !calm) ? null : stillUrl(media));
  // A browser shows nothing of a damaged sticker, and takes that for the picture.
  const refused = onDemand || media.variants.length > 0 ? null : refusalOf(media, null);
  if (refused !== null)
    return <FailedTile media={media} url={props.url} failure={refused} retry={() => {}} />;
  if (still.phase === "missing") return <WholeSticker {...props} known={still.failure} />;
  return (
    <Place blur={still.phase === "loaded" ? null : blurOf(media.thumbhash)}>
      {still.url !== null && still.phase !== "waiting" && (
        <Sticker
          key={still.attempt}
          src={still.url}
          sender={props.sender}
          onLoad={still.onLoad}
          onError={still.onError}
        />
      )}
    </Place>
  );
}

function WholeSticker({ media, url, sender, known }: ViewerProps & { known: Failure | null }) {
  const picture = usePicture(media, url, known);
  if (picture.kind === "loading") return <LoadingTile media={media} progress={picture.progress} />;
  if (picture.kind === "failed") return <FailedTile {...picture} media={media} url={url} />;
  const { from, attempt, loaded, onLoad, onError } = picture;
  return (
    <Place blur={loaded ? null : blurOf(media.thumbhash)}>
      <Sticker key={attempt} src={from} sender={sender} onLoad={onLoad} onError={onError} />
    </Place>
  );
}

type StickerProps = { src: string; sender: string; onLoad: () => void; onError: () => void };

function Sticker({ src, sender, onLoad, onError }: StickerProps) {
  return (
    <img
      src={src}
      alt={texts.media.stickerFrom(sender)}
      onLoad={onLoad}
      onError={onError}
      className="relative block size-full object-contain"
    />
  );
}

/** The place of a sticker, with the blurred one until it is there. */
function Place({ blur, children }: { blur: string | null; children: React.ReactNode }) {
  return (
    <div className="relative size-40 rounded-xl">
      {blur && <img src={blur} alt="" className="absolute inset-0 size-full object-contain" />}
      {children}
    </div>
  );
}
