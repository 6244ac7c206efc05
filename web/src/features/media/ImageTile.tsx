import { useNavigate } from "@tanstack/react-router";
import { clsx } from "clsx";
import type { MouseEvent } from "react";
import { mediaBox } from "@/features/media/box";
import { FailedTile } from "@/features/media/FailedTile";
import type { ViewerProps } from "@/features/media/MediaViewer";
import { pictureUrl } from "@/features/media/state";
import { useLoad } from "@/features/media/useLoad";
import { formatDateTime } from "@/lib/format";
import { blurOf } from "@/lib/thumbhash";
import { texts } from "@/texts";

/** A picture in the thread; a click opens it large, a modified click in a tab of its own. */
export function ImageTile({ media, url, sender, timestamp, caption }: ViewerProps) {
  const navigate = useNavigate({ from: "/c/$conversationId" });
  const { phase, attempt, onLoad, onError, retry } = useLoad();
  const box = mediaBox(media);
  const alt = caption || texts.media.photoFrom(sender, formatDateTime(timestamp));
  if (phase === "failed")
    return <FailedTile media={media} url={url} fallback={texts.media.notShown} retry={retry} />;
  const open = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    void navigate({ search: (search) => ({ ...search, view: media.messageId }) });
  };
  const blur = blurOf(media.thumbhash);
  return (
    <a
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
      <img
        key={attempt}
        src={pictureUrl(media, url, box.width * window.devicePixelRatio)}
        alt={alt}
        decoding="async"
        onLoad={onLoad}
        onError={onError}
        className={clsx(
          "relative size-full object-cover transition-opacity duration-200",
          phase === "loaded" ? "opacity-100" : "opacity-0",
        )}
      />
    </a>
  );
}
