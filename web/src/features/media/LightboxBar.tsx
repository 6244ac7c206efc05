import { useQuery, useQueryClient } from "@tanstack/react-query";
import { MessageSquareText, RotateCw, X, ZoomIn, ZoomOut } from "lucide-react";
import { messageQuery } from "@/api/queries";
import type { MediaFile } from "@/api/types";
import { IconButton } from "@/components/ui/button";
import { FileDownloadButton } from "@/features/media/FileDownloadButton";
import { kindOf } from "@/features/media/kind";
import { useCurrentView } from "@/features/media/reveal";
import { mediaState } from "@/features/media/state";
import type { Neighbours } from "@/features/media/useNeighbours";
import type { useZoom } from "@/features/media/useZoom";
import { isSeenAsPicture } from "@/features/media/variants";
import { PersonName } from "@/features/message/PersonName";
import { senderOf } from "@/features/message/people";
import { formatDateTime } from "@/lib/format";
import { texts } from "@/texts";

export const lightboxButton =
  "text-white/85 hover:bg-white/15! hover:text-white! focus-visible:outline-white";

type LightboxBarProps = {
  neighbours: Neighbours;
  messageId: number;
  zoom: ReturnType<typeof useZoom>;
  onClose: () => void;
  onJump: () => void;
};

/** Above what is shown large: whose it is, when it came, and what can be done. */
export function LightboxBar({ neighbours, messageId, zoom, onClose, onJump }: LightboxBarProps) {
  const client = useQueryClient();
  const { data: message } = useQuery(messageQuery(messageId, client));
  const { current: media, counter } = neighbours;
  const url = useViewUrl(media);
  const sender = message ? senderOf(message, undefined) : "";
  const when = message ? formatDateTime(message.timestamp) : "";
  const place = counter ? texts.lightbox.counter(counter.at, counter.of) : "";
  return (
    <header className="flex h-15 shrink-0 items-center gap-1 px-3">
      <div className="me-auto min-w-0">
        <p className="flex gap-1.5 font-medium">
          <PersonName name={sender} className="truncate" />{" "}
          {counter && <span className="shrink-0 font-normal text-white/75">{place}</span>}
        </p>
        <p className="truncate text-white/75 text-xs">{when}</p>
        {/* Of a dialog only what is in it is heard. */}
        <p role="status" className="sr-only">
          {message && texts.lightbox.now(media ? kindOf(media).label : "", sender, when, place)}
        </p>
      </div>
      {/* What has no picture has nothing to zoom; the buttons stay, and with them the focus of who steps through. */}
      <ZoomButtons zoom={zoom} disabled={url === null || !media || !isSeenAsPicture(media)} />
      <IconButton label={texts.lightbox.showInThread} onClick={onJump} className={lightboxButton}>
        <MessageSquareText className="size-5" />
      </IconButton>
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
