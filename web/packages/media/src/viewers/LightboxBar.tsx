import { MessageSquareText, RotateCw, X, ZoomIn, ZoomOut } from "lucide-react";
import { formatDateTime, formatMoment } from "../lib/format";
import { texts } from "../texts";
import type { MediaFile } from "../types";
import { IconButton } from "../ui/button";
import { PersonName } from "../ui/PersonName";
import { FileDownloadButton } from "./FileDownloadButton";
import { kindOf } from "./kind";
import type { About, Neighbours } from "./neighbours";
import { useCurrentView } from "./reveal";
import { mediaState } from "./state";
import type { useZoom } from "./useZoom";
import { isSeenAsPicture } from "./variants";

export const lightboxButton =
  "text-white/85 hover:bg-white/15! hover:text-white! focus-visible:outline-white";

type LightboxBarProps = {
  neighbours: Neighbours;
  about: About | null;
  zoom: ReturnType<typeof useZoom>;
  onClose: () => void;
  /** Shows it where it was sent. */
  onJump: (() => void) | undefined;
};

/** Above what is shown large: whose it is, when it came, and what can be done. */
export function LightboxBar({ neighbours, about, zoom, onClose, onJump }: LightboxBarProps) {
  const { current: media, counter } = neighbours;
  const url = useViewUrl(media);
  const sender = about?.sender ?? "";
  const when = about ? formatDateTime(about.timestamp) : "";
  const place = counter ? texts.lightbox.counter(counter.at, counter.of) : "";
  return (
    <header className="flex h-15 shrink-0 items-center gap-1 px-3">
      <div className="me-auto min-w-0">
        <p className="flex gap-1.5 font-medium">
          <PersonName name={sender} className="truncate" />{" "}
          {counter && <span className="shrink-0 font-normal text-white/75">{place}</span>}
        </p>
        <p className="truncate text-white/75 text-xs">{about && formatMoment(about.timestamp)}</p>
        {/* Of a dialog only what is in it is heard. */}
        <p role="status" className="sr-only">
          {about && texts.lightbox.now(media ? kindOf(media).label : "", sender, when, place)}
        </p>
      </div>
      {/* What has no picture has nothing to zoom; the buttons stay, and with them the focus of who steps through. */}
      <ZoomButtons zoom={zoom} disabled={url === null || !media || !isSeenAsPicture(media)} />
      {onJump && (
        <IconButton label={texts.lightbox.showInThread} onClick={onJump} className={lightboxButton}>
          <MessageSquareText className="size-5" />
        </IconButton>
      )}
      {media && url && <FileDownloadButton media={media} url={url} className={lightboxButton} />}
      <IconButton label={texts.action.close} onClick={onClose} className={lightboxButton}>
        <X className="size-5" />
      </IconButton>
    </header>
  );
}

function ZoomButtons({ zoom, disabled }: { zoom: ReturnType<typeof useZoom>; disabled: boolean }) {
  return (
    <>
      <IconButton
        disabled={disabled}
        label={texts.lightbox.zoomOut}
        onClick={zoom.zoomOut}
        className={`${lightboxButton} max-sm:hidden`}
      >
        <ZoomOut className="size-5" />
      </IconButton>
      <IconButton
        disabled={disabled}
        label={texts.lightbox.zoomIn}
        onClick={zoom.zoomIn}
        className={`${lightboxButton} max-sm:hidden`}
      >
        <ZoomIn className="size-5" />
      </IconButton>
      <IconButton
        disabled={disabled}
        label={texts.lightbox.rotate}
        onClick={zoom.rotate}
        className={lightboxButton}
      >
        <RotateCw className="size-5" />
      </IconButton>
    </>
  );
}

function useViewUrl(media: MediaFile | undefined): string | null {
  const view = useCurrentView(media?.id);
  const state = media && mediaState(media, view);
  return state?.kind === "ready" ? state.url : null;
}
