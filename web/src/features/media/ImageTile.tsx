import { useNavigate } from "@tanstack/react-router";
import { clsx } from "clsx";
import { type MouseEvent, useState } from "react";
import { Spinner } from "@/components/ui/spinner";
import { mediaBox } from "@/features/media/box";
import { FailedTile } from "@/features/media/FailedTile";
import { LoadingTile } from "@/features/media/LoadingTile";
import type { ViewerProps } from "@/features/media/MediaViewer";
import { isOnDemand, partOf, pictureUrl } from "@/features/media/state";
import { useFocusHandover } from "@/features/media/useFocusHandover";
import { usePicture } from "@/features/media/usePicture";
import { formatDateTime } from "@/lib/format";
import { blurOf } from "@/lib/thumbhash";
import { texts } from "@/texts";

/** A picture in the thread; a click opens it large, a modified click in a tab of its own. */
export function ImageTile(props: ViewerProps) {
  const { media, url } = props;
  const picture = usePicture(media, url);
  if (picture.kind === "loading") return <LoadingTile media={media} progress={picture.progress} />;
  if (picture.kind === "failed") return <FailedTile {...picture} media={media} url={url} />;
  return <ShownImage {...props} picture={picture} />;
}

type ShownImageProps = ViewerProps & { picture: Extract<ReturnType<typeof usePicture>, { kind: "shown" }> };

function ShownImage({ media, url, sender, timestamp, caption, picture }: ShownImageProps) {
  const navigate = useNavigate({ from: "/c/$conversationId" });
  const ref = useFocusHandover<HTMLAnchorElement>(media.id);
  // What a record learns of its picture while it is looked at must not move the thread.
  const [box] = useState(() => mediaBox(media));
  const alt = caption || texts.media.photoFrom(sender, formatDateTime(timestamp));
  const open = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    void navigate({
      search: ({ part: _, ...rest }) => ({ ...rest, view: media.messageId, ...partOf(media) }),
    });
  };
  const blur = blurOf(media.thumbhash);
  const { from, attempt, loaded, onLoad, onError } = picture;
  return (
    <a
      ref={ref}
      href={url}
      target="_blank"
      rel="noreferrer"
      aria-label={texts.media.open(alt)}
      data-media={media.messageId}
      onClick={open}
      className="relative block max-w-full overflow-hidden rounded-xl bg-line"
      style={{ width: box.width, height: box.height }}
    >
      {blur && <img src={blur} alt="" className="absolute inset-0 size-full object-cover" />}
      {!loaded && isOnDemand(media) && <Spinner className="absolute inset-0 m-auto size-6 text-muted" />}
      <img
        key={attempt}
        src={from === url ? pictureUrl(media, url, box.width * window.devicePixelRatio) : from}
        alt={alt}
        decoding="async"
        onLoad={onLoad}
        onError={onError}
        className={clsx(
          "relative size-full object-cover transition-opacity duration-200",
          loaded ? "opacity-100" : "opacity-0",
        )}
      />
    </a>
  );
}
