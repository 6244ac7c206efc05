import { clsx } from "clsx";
import { type CSSProperties, useRef, useState } from "react";
import { fileNameOf } from "../lib/fileName";
import { formatDateTime } from "../lib/format";
import { isTransparent } from "../lib/thumbhash";
import { useAddress } from "../server/address";
import { texts } from "../texts";
import type { MediaFile } from "../types";
import { DocumentCard } from "./DocumentCard";
import { FailedTile } from "./FailedTile";
import { type Failure, ofBrowser } from "./failure";
import { LightboxCaption } from "./LightboxCaption";
import { LoadingTile } from "./LoadingTile";
import { MediaPlaceholder } from "./MediaPlaceholder";
import { MediaViewer } from "./MediaViewer";
import type { About } from "./neighbours";
import { useCurrentView, useReveal } from "./reveal";
import { isOnDemand, mediaState } from "./state";
import { usePicture } from "./usePicture";
import { useVariant } from "./useVariant";
import type { useZoom } from "./useZoom";
import { VideoPlayer } from "./VideoPlayer";
import { hasPage, isPdf, isSeenAsPicture, isShownByBrowsers, previewWidth, variantUrl } from "./variants";
import { WaitingStage } from "./WaitingStage";

type StageProps = { media: MediaFile; about: About | null; zoom: ReturnType<typeof useZoom> };
type PictureProps = StageProps & {
  url: string;
  /** Why nothing could be made of it. */
  known?: Failure | null;
};

const centre = "absolute inset-0 flex items-center justify-center";
/** Words in place of a picture, between the arrows. */
const notice = `${centre} px-18 text-text`;

/** The picture itself in the lightbox, or what keeps it from being shown. */
export function LightboxStage({ media, about, zoom }: StageProps) {
  const view = useCurrentView(media.id);
  const state = mediaState(media, view);
  // Decided once: what becomes stored while it is viewed must not be fetched again.
  const [onDemand] = useState(() => isOnDemand(media));
  if (state.kind === "ready" && media.fileType === "video")
    return <LargeVideo media={media} url={state.url} />;
  if (state.kind === "ready" && !isSeenAsPicture(media)) return <WholeViewer media={media} url={state.url} />;
  if (state.kind === "ready") {
    const props = { media, about, zoom, url: state.url };
    return onDemand ? <WholePicture key={view?.id} {...props} /> : <StoredPicture {...props} />;
  }
  const reveal = () => useReveal.getState().reveal(media.id);
  return (
    <div className={notice}>
      <MediaPlaceholder media={media} state={state} onReveal={reveal} />
    </div>
  );
}

/** A sound or a document as its thread shows it; of a document with pages the first one, as large as it can be. */
function WholeViewer({ media, url }: { media: MediaFile; url: string }) {
  const page = useVariant(media, isPdf(media) && hasPage(media) ? variantUrl(media, "preview") : null);
  if (page.phase === "missing" || page.url === null) {
    return (
      <div className={notice}>
        <div className="max-w-full rounded-2xl bg-surface p-2">
          <MediaViewer media={media} sender="" timestamp={media.createdAt} caption={fileNameOf(media)} />
        </div>
      </div>
    );
  }
  return (
    <div className={`${notice} flex-col gap-3 pb-4 max-sm:px-4`}>
      <div className="flex min-h-0 flex-1 items-center justify-center">
        {page.phase !== "loaded" && <WaitingStage error={null} />}
        <img
          key={page.attempt}
          src={page.url}
          alt=""
          onLoad={page.onLoad}
          onError={page.onError}
          className="max-h-full max-w-full rounded-lg bg-white object-contain"
        />
      </div>
      <DocumentCard media={media} url={url} pictured={false} />
    </div>
  );
}

function LargeVideo({ media, url }: { media: MediaFile; url: string }) {
  return (
    <div className="absolute inset-0 px-18 pb-4 max-sm:px-2">
      <VideoPlayer
        media={media}
        url={url}
        sender=""
        timestamp={media.createdAt}
        caption={null}
        wanted={false}
        large
      />
    </div>
  );
}

/**
 * The preview at once, and the file itself where the preview is not sharp enough. One that browsers do not show stays at its preview;
 * one without a preview is shown as it is.
 */
function StoredPicture(props: PictureProps) {
  const { media, url, zoom } = props;
  const stage = useRef<HTMLDivElement>(null);
  const preview = useVariant(media, variantUrl(media, "preview"));
  const [tooSmall, setTooSmall] = useState(false);
  const shown = isShownByBrowsers(media);
  const loaded = preview.phase === "loaded";
  // Shown once it is there, so that there is no gap.
  const [original, setOriginal] = useState<string | null>(null);
  const wanted = shown && loaded && (zoom.zoomed || tooSmall) && original !== url;
  const address = useAddress(media, wanted || original === url ? url : null);
  const onLoad = () => {
    preview.onLoad();
    setTooSmall(isTooSmall(media, stage.current));
  };
  if (preview.phase === "missing") {
    if (shown) return <WholePicture {...props} known={preview.failure} />;
    return (
      <div className={notice}>
        <FailedTile
          media={media}
          url={url}
          failure={preview.failure ?? ofBrowser(texts.media.notShown)}
          retry={preview.retry}
        />
      </div>
    );
  }
  return (
    <div ref={stage} className={centre}>
      {!loaded && <WaitingStage error={null} />}
      {wanted && address && <img src={address} alt="" hidden onLoad={() => setOriginal(url)} />}
      {preview.url !== null && preview.phase !== "waiting" && (
        <Shown
          {...props}
          key={preview.attempt}
          src={(original === url && address) || preview.url}
          onLoad={onLoad}
          onError={preview.onError}
        />
      )}
    </div>
  );
}

/** The file as it is: from storage, or as it was fetched to be viewed. */
function WholePicture(props: PictureProps) {
  const { media, url, known } = props;
  const picture = usePicture(media, url, known);
  if (picture.kind !== "shown") {
    return (
      <div className={notice}>
        {picture.kind === "loading" ? (
          <LoadingTile media={media} progress={picture.progress} />
        ) : (
          <FailedTile {...picture} media={media} url={url} />
        )}
      </div>
    );
  }
  const { from, attempt, loaded, onLoad, onError } = picture;
  return (
    <>
      {!loaded && <WaitingStage error={null} />}
      <Shown {...props} key={attempt} src={from} onLoad={onLoad} onError={onError} />
    </>
  );
}

type ShownProps = StageProps & { src: string; onLoad: () => void; onError: () => void };

function Shown({ media, about, zoom, src, onLoad, onError }: ShownProps) {
  const sender = about?.sender ?? "";
  const caption = about?.caption;
  const ground = isTransparent(media.thumbhash) ? exactSize(media, zoom.sideways) : null;
  return (
    <>
      <div
        className={clsx(
          "absolute inset-0 flex [container-type:size]",
          // What would be a line of a few pixels is as wide as it can be, and scrolls.
          isSliver(media)
            ? "touch-pan-y overflow-auto"
            : "touch-none items-center justify-center overflow-hidden",
          zoom.zoomed && "cursor-grab",
        )}
        {...(isSliver(media) ? {} : zoom.surface)}
      >
        <img
          src={src}
          // The size of the file, so that its preview stands in the same place.
          width={media.width ?? undefined}
          height={media.height ?? undefined}
          alt={caption || fileNameOf(media) || texts.media.photoFrom(sender, formatDateTime(media.createdAt))}
          draggable={false}
          onLoad={onLoad}
          onError={onError}
          className={clsx(
            "shrink-0 select-none object-contain",
            isSliver(media)
              ? SLIVER
              : zoom.sideways
                ? "max-h-[100cqw] max-w-[100cqh]"
                : "max-h-full max-w-full",
            ground && "ground",
          )}
          style={{ ...zoom.style, ...ground }}
        />
      </div>
      {caption && !zoom.zoomed && <LightboxCaption words={caption} />}
    </>
  );
}

/** So much longer than wide that it would open as a line. */
function isSliver({ width, height }: MediaFile): boolean {
  return Boolean(width && height && height / width > SLIVER_RATIO);
}

const SLIVER_RATIO = 8;
const SLIVER = "m-auto h-auto! w-[min(100cqw,40rem)]! max-w-none self-start";

/** The box of the picture alone, without the margins that "contain" leaves in it, as its ground is seen. */
function exactSize({ width, height }: MediaFile, sideways: boolean): CSSProperties {
  if (!width || !height) return {};
  const [across, along] = sideways ? ["100cqh", "100cqw"] : ["100cqw", "100cqh"];
  const fit = `min(${across}, ${width}px, calc(${along} * ${width / height}))`;
  return { width: fit, height: "auto", aspectRatio: `${width} / ${height}` };
}

/** Whether the preview has fewer pixels than the stage shows, and the file has more. */
function isTooSmall(media: MediaFile, stage: HTMLElement | null): boolean {
  const { width, height } = media;
  const has = previewWidth(media);
  if (!width || !height || has === null || stage === null || has >= width) return false;
  const scale = Math.min(1, stage.clientWidth / width, stage.clientHeight / height);
  return has < Math.floor(width * scale * window.devicePixelRatio);
}
