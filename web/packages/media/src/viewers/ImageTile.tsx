import { clsx } from "clsx";
import { ImageOff } from "lucide-react";
import { type ReactNode, useState } from "react";
import { formatDateTime } from "../lib/format";
import { blurOf, isTransparent } from "../lib/thumbhash";
import { useAddress } from "../server/address";
import { texts } from "../texts";
import type { MediaFile } from "../types";
import { Spinner } from "../ui/spinner";
import { type Box, isShownWhole, mediaBox } from "./box";
import { FailedTile } from "./FailedTile";
import { FileDownloadButton } from "./FileDownloadButton";
import { factsOf } from "./facts";
import type { Failure } from "./failure";
import { kindOf } from "./kind";
import { LoadingTile } from "./LoadingTile";
import { isOnDemand } from "./state";
import { Blur, TileText } from "./tile";
import { useOpenLarge } from "./useOpenLarge";
import { usePicture } from "./usePicture";
import { PictureOf, useVariantPicture } from "./VariantPicture";
import type { ViewerProps } from "./viewerProps";

/** A picture in the thread; a click opens it large, a modified click in a tab of its own. */
export function ImageTile(props: ViewerProps) {
  // Decided once: what becomes stored while it is viewed must not be fetched again.
  const [onDemand] = useState(() => isOnDemand(props.media));
  return onDemand ? <FetchedImage {...props} /> : <StoredImage {...props} />;
}

/** A stored picture, by what was made of it: the file itself is for the large view. */
function StoredImage(props: ViewerProps) {
  const { media, url } = props;
  const box = useBox(media);
  const picture = useVariantPicture(media, box.width);
  const refused = picture.failure?.final === true;
  return (
    <div className="relative w-fit max-w-full">
      <PictureLink {...props} box={box}>
        <PictureOf media={media} picture={picture} whole={isShownWhole(media, box)}>
          {(failure) => <Unpictured media={media} failure={failure} />}
        </PictureOf>
      </PictureLink>
      {refused && (
        <FileDownloadButton media={media} url={url} className="absolute! end-2 top-2 bg-surface/85" />
      )}
    </div>
  );
}

/** What a record learns of its picture while it is looked at must not move the thread. */
function useBox(media: MediaFile): Box {
  return useState(() => mediaBox(media))[0];
}

/** In place of a small picture that there is none of: the reason, where that is final. */
function Unpictured({ media, failure }: { media: MediaFile; failure: Failure | null }) {
  const { icon, label } = kindOf(media);
  const [, ...facts] = factsOf(media);
  const refused = failure?.final === true;
  return (
    <>
      <span className="absolute inset-0">
        <Blur picture={blurOf(media.thumbhash)} />
      </span>
      <span className="absolute inset-0 flex items-center justify-center p-3">
        <span className="flex max-w-full items-center rounded-xl bg-surface/85 px-3 py-2">
          <TileText
            icon={refused ? ImageOff : icon}
            title={refused ? texts.media.noPreview : texts.media.tapToView}
            detail={refused ? failure.reason : [label, ...facts].join(" · ")}
          />
        </span>
      </span>
    </>
  );
}

/** A picture that somebody asked to see, and that was fetched for that. */
function FetchedImage(props: ViewerProps) {
  const { media, url } = props;
  const box = useBox(media);
  const picture = usePicture(media, url);
  if (picture.kind === "loading") return <LoadingTile media={media} progress={picture.progress} />;
  if (picture.kind === "failed") return <FailedTile {...picture} media={media} url={url} />;
  const { from, attempt, loaded, onLoad, onError } = picture;
  const blur = blurOf(media.thumbhash);
  return (
    <PictureLink {...props} box={box}>
      {blur && <img src={blur} alt="" className="absolute inset-0 size-full object-cover" />}
      {!loaded && <Spinner className="absolute inset-0 m-auto size-6 text-muted" />}
      <img
        key={attempt}
        src={from}
        alt=""
        decoding="async"
        onLoad={onLoad}
        onError={onError}
        className={clsx(
          "relative size-full transition-opacity duration-200",
          isShownWhole(media, box) ? "object-scale-down" : "object-cover",
          loaded ? "opacity-100" : "opacity-0",
          isTransparent(media.thumbhash) && "ground",
        )}
      />
    </PictureLink>
  );
}

type PictureLinkProps = ViewerProps & { box: Box; children: ReactNode };

/** The place of a picture in the thread, which opens it. */
function PictureLink({ media, url, sender, timestamp, box, children }: PictureLinkProps) {
  const open = useOpenLarge(media);
  const address = useAddress(media, url);
  return (
    <a
      href={address ?? undefined}
      target="_blank"
      rel="noreferrer"
      // Its caption stands below it, and is read there.
      aria-label={texts.media.open(texts.media.photoFrom(sender, formatDateTime(timestamp)))}
      data-media={media.messageId}
      onClick={open}
      // With an edge of its own: a white picture has none on a white bubble.
      className="relative block max-w-full overflow-hidden rounded-xl bg-line after:pointer-events-none after:absolute after:inset-0 after:rounded-xl after:border after:border-text/10"
      style={{ width: box.width, height: box.height }}
    >
      {children}
    </a>
  );
}
