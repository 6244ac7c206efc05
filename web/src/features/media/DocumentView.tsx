import { DocumentCard } from "@/features/media/DocumentCard";
import { FailedTile } from "@/features/media/FailedTile";
import { LoadingTile } from "@/features/media/LoadingTile";
import type { ViewerProps } from "@/features/media/MediaViewer";
import { fetchAgain, useFileView } from "@/features/media/views";

/** A document: a stored one to be opened or saved, one on demand once it is here, so that opening it fetches nothing more. */
export function DocumentView({ media, url }: ViewerProps) {
  const view = useFileView(media, url);
  switch (view.kind) {
    case "loading":
      return <LoadingTile media={media} progress={view} />;
    case "failed":
      return <FailedTile media={media} url={url} failure={view.failure} retry={() => fetchAgain(url)} />;
    case "direct":
      return <DocumentCard media={media} url={url} />;
    case "held":
      return <DocumentCard media={media} url={view.url} held={view} />;
  }
}
