import type { MediaFile } from "@/api/types";
import { AudioPlayer } from "@/features/media/AudioPlayer";
import { DocumentCard } from "@/features/media/DocumentCard";
import { ImageTile } from "@/features/media/ImageTile";
import { MediaPlaceholder } from "@/features/media/MediaPlaceholder";
import { IntegrityWarning, StreamActions } from "@/features/media/notices";
import { StickerBubble } from "@/features/media/StickerBubble";
import { type MediaState, mediaState } from "@/features/media/state";
import { VideoPlayer } from "@/features/media/VideoPlayer";
import { useReveal } from "@/stores/reveal";

export type ViewerProps = {
  media: MediaFile;
  /** Where the bytes are, for this look at them. */
  url: string;
  sender: string;
  timestamp: string;
  caption: string | null;
};

type MediaViewerProps = Omit<ViewerProps, "url">;

/** Shows a file as what it is, or what keeps it from being shown. */
export function MediaViewer(props: MediaViewerProps) {
  const { media } = props;
  const taps = useReveal((state) => state.taps[media.id] ?? 0);
  const state: MediaState = mediaState(media, taps);
  if (state.kind !== "ready") return <MediaPlaceholder media={media} state={state} />;
  return (
    <div className="relative w-fit max-w-full">
      <Ready {...props} url={state.url} />
      {media.policy === "stream" && <StreamActions media={media} />}
      {media.integrity === "mismatch" && <IntegrityWarning />}
    </div>
  );
}

function Ready(props: ViewerProps) {
  // A new URL is a new fetch, and must not start out with what the last one ended in.
  switch (props.media.fileType) {
    case "image":
      return <ImageTile key={props.url} {...props} />;
    case "video":
      return <VideoPlayer key={props.url} {...props} />;
    case "audio":
      return <AudioPlayer key={props.url} {...props} />;
    case "sticker":
      return <StickerBubble key={props.url} {...props} />;
    case "document":
      return <DocumentCard {...props} />;
  }
}
