import { useQuery, useQueryClient } from "@tanstack/react-query";
import { messageQuery } from "@/api/queries";
import type { MediaFile } from "@/api/types";
import { Spinner } from "@/components/ui/spinner";
import { FailedTile } from "@/features/media/FailedTile";
import { LoadingTile } from "@/features/media/LoadingTile";
import { MediaPlaceholder } from "@/features/media/MediaPlaceholder";
import { mediaState, pictureUrl } from "@/features/media/state";
import { usePicture } from "@/features/media/usePicture";
import type { useZoom } from "@/features/media/useZoom";
import { senderOf } from "@/features/thread/context";
import { formatDateTime } from "@/lib/format";
import { useCurrentView, useReveal } from "@/stores/reveal";
import { texts } from "@/texts";

type StageProps = { media: MediaFile; messageId: number; zoom: ReturnType<typeof useZoom> };

const centre = "absolute inset-0 flex items-center justify-center";

/** The picture itself in the lightbox, or what keeps it from being shown. */
export function LightboxStage({ media, messageId, zoom }: StageProps) {
  const view = useCurrentView(media.id);
  const state = mediaState(media, view);
  if (state.kind === "ready") {
    const key = view?.id ?? "stored";
    return <Picture key={key} media={media} url={state.url} messageId={messageId} zoom={zoom} />;
  }
  const reveal = () => useReveal.getState().reveal(media.id);
  return (
    <div className={`${centre} text-text`}>
      <MediaPlaceholder media={media} state={state} onReveal={reveal} />
    </div>
  );
}

function Picture({ media, url, messageId, zoom }: StageProps & { url: string }) {
  const client = useQueryClient();
  const { data: message } = useQuery(messageQuery(messageId, client));
  const picture = usePicture(media, url);
  if (picture.kind !== "shown") {
    return (
      <div className={`${centre} text-text`}>
        {picture.kind === "loading" ? (
          <LoadingTile media={media} progress={picture.progress} />
        ) : (
          <FailedTile {...picture} media={media} url={url} />
        )}
      </div>
    );
  }
  const { from, attempt, loaded, onLoad, onError } = picture;
  const sender = message ? senderOf(message, undefined) : "";
  const caption = message?.caption;
  return (
    <>
      {!loaded && <WaitingStage error={null} />}
      <div
        className={`${centre} touch-none overflow-hidden ${zoom.zoomed ? "cursor-grab" : ""}`}
        {...zoom.surface}
      >
        <img
          key={attempt}
          src={from === url && !zoom.zoomed ? largeUrl(media, url) : from}
          alt={caption || texts.media.photoFrom(sender, formatDateTime(media.createdAt))}
          draggable={false}
          onLoad={onLoad}
          onError={onError}
          className="max-h-full max-w-full select-none object-contain"
          style={zoom.style}
        />
      </div>
      {caption && !zoom.zoomed && (
        <p
          dir="auto"
          className="pointer-events-none absolute inset-x-0 bottom-0 max-h-40 bg-linear-to-t from-black/85 to-transparent px-6 pt-10 pb-5 text-center text-[15px]"
        >
          {caption}
        </p>
      )}
    </>
  );
}

/** As large as the window can show it. */
export function largeUrl(media: MediaFile, url: string): string {
  return pictureUrl(media, url, window.innerWidth * window.devicePixelRatio);
}

export function WaitingStage({ error }: { error: Error | null }) {
  return (
    <div className="absolute inset-0 flex items-center justify-center" role="status">
      {error ? texts.media.loadFailed : <Spinner className="size-8" />}
    </div>
  );
}
