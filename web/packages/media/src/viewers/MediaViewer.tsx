import { useState } from "react";
import { keepFocus } from "../lib/keepFocus";
import { AudioPlayer } from "./AudioPlayer";
import { DocumentView } from "./DocumentView";
import { ImageTile } from "./ImageTile";
import { MediaPlaceholder } from "./MediaPlaceholder";
import { IntegrityWarning } from "./notices";
import { useCurrentView, useReveal } from "./reveal";
import { StickerBubble } from "./StickerBubble";
import { mediaState } from "./state";
import { VideoPlayer } from "./VideoPlayer";
import { ViewActions } from "./ViewActions";
import type { ViewerProps } from "./viewerProps";

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
