import { useState } from "react";
import { AudioPlayer } from "@/features/media/AudioPlayer";
import { DocumentView } from "@/features/media/DocumentView";
import { ImageTile } from "@/features/media/ImageTile";
import { MediaPlaceholder } from "@/features/media/MediaPlaceholder";
import { IntegrityWarning } from "@/features/media/notices";
import { useCurrentView, useReveal } from "@/features/media/reveal";
import { StickerBubble } from "@/features/media/StickerBubble";
import { mediaState } from "@/features/media/state";
import { VideoPlayer } from "@/features/media/VideoPlayer";
import { ViewActions } from "@/features/media/ViewActions";
import type { ViewerProps } from "@/features/media/viewerProps";
import { keepFocus } from "@/lib/keepFocus";

type MediaViewerProps = Omit<ViewerProps, "url" | "wanted">;

/** Shows a file as what it is, or what keeps it from being shown. */
export function MediaViewer(props: MediaViewerProps) {
  const { media } = props;
  const view = useCurrentView(media.id);
  const [tapped, setTapped] = useState<string | null>(null);
  const reveal = () => setTapped(useReveal.getState().reveal(media.id).id);
  const state = mediaState(media, view);
  const wanted = view !== null && view.id === tapped;
  return (
    <div ref={keepFocus} tabIndex={-1} className="relative w-fit max-w-full rounded-xl">
      {state.kind === "ready" ? (
        <Ready
          // A new view is a new fetch, and must not start out with what the last one ended in.
          key={view?.id ?? "stored"}
          {...props}
          url={state.url}
          wanted={wanted}
        />
      ) : (
        <MediaPlaceholder media={media} state={state} onReveal={reveal} />
      )}
      {state.kind === "ready" && media.policy === "stream" && view && (
        <ViewActions media={media} view={view} onAgain={reveal} />
      )}
      {state.kind === "ready" && media.integrity === "mismatch" && <IntegrityWarning />}
    </div>
  );
}

function Ready(props: ViewerProps) {
  switch (props.media.fileType) {
    case "image":
      return <ImageTile {...props} />;
    case "video":
      return <VideoPlayer {...props} />;
    case "audio":
      return <AudioPlayer {...props} />;
    case "sticker":
      return <StickerBubble {...props} />;
    case "document":
      return <DocumentView {...props} />;
  }
}
