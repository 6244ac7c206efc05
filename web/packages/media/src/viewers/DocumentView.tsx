import { type MouseEvent, useMemo, useState } from "react";
import { AudioPlayer } from "./AudioPlayer";
import { DocumentCard } from "./DocumentCard";
import { FailedTile } from "./FailedTile";
import { LoadingTile } from "./LoadingTile";
import { isForBrowser, useOpenLarge } from "./useOpenLarge";
import { VideoPlayer } from "./VideoPlayer";
import { shownAs } from "./variants";
import type { ViewerProps } from "./viewerProps";
import { fetchAgain, useFileView } from "./views";

/** A document: a stored one to be opened or saved, one on demand once it is here, so that opening it fetches nothing more. */
export function DocumentView(props: ViewerProps) {
  const { media, url } = props;
  const view = useFileView(media, url);
  switch (view.kind) {
    case "loading":
      return <LoadingTile media={media} progress={view} />;
    case "failed":
      return <FailedTile media={media} url={url} failure={view.failure} retry={() => fetchAgain(url)} />;
    case "direct":
      return <DirectDocument {...props} />;
    case "held":
      return <DocumentCard media={media} url={view.url} held={view} />;
  }
}

/** Pictures, sound and video that were sent as documents are shown as what they are; the card still says what was sent. */
function DirectDocument(props: ViewerProps) {
  const kind = shownAs(props.media);
  if (kind === "image") return <PictureDocument {...props} />;
  if (kind !== null) return <PlayedDocument {...props} kind={kind} />;
  return <DocumentCard media={props.media} url={props.url} />;
}

function PictureDocument({ media, url }: ViewerProps) {
  return <DocumentCard media={media} url={url} onOpen={useOpenLarge(media)} />;
}

function PlayedDocument({ kind, ...props }: ViewerProps & { kind: "video" | "audio" }) {
  const { media, url } = props;
  const [opened, setOpened] = useState(false);
  const played = useMemo(() => ({ ...media, fileType: kind }), [media, kind]);
  const open = (event: MouseEvent) => {
    if (isForBrowser(event)) return;
    event.preventDefault();
    setOpened(true);
  };
  if (!opened) return <DocumentCard media={media} url={url} onOpen={open} plays />;
  // Its name and its download are in the player itself.
  if (kind === "audio") return <AudioPlayer {...props} media={played} wanted />;
  return (
    <div className="flex flex-col items-start gap-1.5">
      <VideoPlayer {...props} media={played} wanted />
      <DocumentCard media={media} url={url} pictured={false} />
    </div>
  );
}
