import { useNavigate } from "@tanstack/react-router";
import { clsx } from "clsx";
import { type MouseEvent, type ReactNode, useState } from "react";
import { Spinner } from "@/components/ui/spinner";
import { mediaBox } from "@/features/media/box";
import { FailedTile } from "@/features/media/FailedTile";
import { factsOf } from "@/features/media/facts";
import { kindOf } from "@/features/media/kind";
import { LoadingTile } from "@/features/media/LoadingTile";
import type { ViewerProps } from "@/features/media/MediaViewer";
import { isOnDemand, partOf } from "@/features/media/state";
import { Blur, TileText } from "@/features/media/tile";
import { useFocusHandover } from "@/features/media/useFocusHandover";
import { usePicture } from "@/features/media/usePicture";
import { VariantPicture } from "@/features/media/VariantPicture";
import { formatDateTime } from "@/lib/format";
import { blurOf } from "@/lib/thumbhash";
import { texts } from "@/texts";

/** A picture in the thread; a click opens it large, a modified click in a tab of its own. */
export function ImageTile(props: ViewerProps) {
  // Decided once: what becomes stored while it is viewed must not be fetched again.
  const [onDemand] = useState(() => isOnDemand(props.media));
  return onDemand ? <FetchedImage {...props} /> : <StoredImage {...props} />;
}

/** A stored picture, by what was made of it: the file itself is for the large view. */
function StoredImage(props: ViewerProps) {
  const { media } = props;
  const { icon } = kindOf(media);
  return (
    <PictureLink {...props}>
      {(box, alt) => (
        <VariantPicture media={media} width={box.width} alt={alt}>
          <span className="absolute inset-0">
            <Blur picture={blurOf(media.thumbhash)} />
          </span>
          <span className="absolute inset-0 flex items-center justify-center p-3">
            <span className="flex max-w-full items-center rounded-xl bg-surface/85 px-3 py-2">
              <TileText icon={icon} title={texts.media.tapToView} detail={factsOf(media).join(" · ")} />
            </span>
          </span>
        </VariantPicture>
      )}
    </PictureLink>
  );
}

/** A picture that somebody asked to see, and that was fetched for that. */
function FetchedImage(props: ViewerProps) {
  const { media, url } = props;
  const picture = usePicture(media, url);
  if (picture.kind === "loading") return <LoadingTile media={media} progress={picture.progress} />;
  if (picture.kind === "failed") return <FailedTile {...picture} media={media} url={url} />;
  const { from, attempt, loaded, onLoad, onError } = picture;
  const blur = blurOf(media.thumbhash);
  return (
    <PictureLink {...props}>
      {(_, alt) => (
        <>
          {blur && <img src={blur} alt="" className="absolute inset-0 size-full object-cover" />}
          {!loaded && <Spinner className="absolute inset-0 m-auto size-6 text-muted" />}
          <img
            key={attempt}
            src={from}
            alt={alt}
            decoding="async"
            onLoad={onLoad}
            onError={onError}
            className={clsx(
              "relative size-full object-cover transition-opacity duration-200",
              loaded ? "opacity-100" : "opacity-0",
            )}
          />
        </>
      )}
    </PictureLink>
  );
}

type PictureLinkProps = ViewerProps & { children: (box: { width: number }, alt: string) => ReactNode };

/** The place of a picture in the thread, which opens it. */
function PictureLink({ media, url, sender, timestamp, caption, children }: PictureLinkProps) {
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
      {children(box, alt)}
    </a>
  );
}
