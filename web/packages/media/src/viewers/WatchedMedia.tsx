import type { FileState } from "../server/fileSource";
import { texts } from "../texts";
import { ErrorState, Skeleton } from "../ui/states";
import { MediaViewer } from "./MediaViewer";

type WatchedMediaProps = FileState & {
  retry: () => void;
  /** Who sent it, and what they wrote with it, for screen readers. */
  sender?: string;
  caption?: string | null;
};

/** A file of which the record is still to come, or could not be had. */
export function WatchedMedia({ media, error, retry, sender = "", caption = null }: WatchedMediaProps) {
  if (error) return <ErrorState title={texts.media.loadFailed} error={error} retry={retry} />;
  if (media === null) {
    return (
      <span role="status" aria-label={texts.media.loading} className="block">
        <Skeleton className="h-16 w-75 max-w-full rounded-xl!" />
      </span>
    );
  }
  return <MediaViewer media={media} sender={sender} timestamp={media.createdAt} caption={caption} />;
}
