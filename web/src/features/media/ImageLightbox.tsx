import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useRouter } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight, MessageSquareText, RotateCw, X, ZoomIn, ZoomOut } from "lucide-react";
import { useRef, useState } from "react";
import { messageQuery } from "@/api/queries";
import type { MediaFile } from "@/api/types";
import { IconButton } from "@/components/ui/button";
import { useModal } from "@/components/ui/dialog";
import { ShortcutSheet } from "@/components/ui/shortcut-sheet";
import { FileDownloadButton } from "@/features/media/FileDownloadButton";
import { LightboxStage, WaitingStage } from "@/features/media/LightboxStage";
import { refusalOf } from "@/features/media/making";
import { useCurrentView } from "@/features/media/reveal";
import { mediaState, partOf } from "@/features/media/state";
import { type Gallery, useMediaGallery } from "@/features/media/useMediaGallery";
import { useZoom } from "@/features/media/useZoom";
import { variantUrl } from "@/features/media/variants";
import { PersonName } from "@/features/message/PersonName";
import { senderOf } from "@/features/message/people";
import { formatDateTime } from "@/lib/format";
import { useShortcuts } from "@/lib/shortcuts";
import { texts } from "@/texts";

type LightboxProps = { conversationId: number; messageId: number; part: number };

const dark = "text-white/85 hover:bg-white/15! hover:text-white! focus-visible:outline-white";

/** One picture over everything; the arrows lead through all of the conversation. The URL says which is open. */
export function ImageLightbox({ conversationId, messageId, part }: LightboxProps) {
  const gallery = useMediaGallery(conversationId, messageId, part);
  const { show, close, jump } = useLightboxNavigation(messageId);
  const modal = useModal(close);
  return (
    <dialog
      {...modal}
      tabIndex={-1}
      aria-label={texts.lightbox.label}
      className="m-0 h-dvh max-h-none w-screen max-w-none bg-[#0a0d0c] p-0 text-white outline-none backdrop:bg-black"
    >
      <Preloaded media={gallery.older} />
      <Preloaded media={gallery.newer} />
      <Slide
        name={`${messageId}-${part}`}
        gallery={gallery}
        messageId={messageId}
        show={show}
        onClose={close}
        onJump={() => jump(messageId)}
      />
    </dialog>
  );
}

function useLightboxNavigation(messageId: number) {
  const navigate = useNavigate({ from: "/c/$conversationId" });
  const router = useRouter();
  const opened = useRef(router.history.location.state.__TSR_index);
  const first = useRef(messageId);
  const close = () => {
    // Who has moved on comes back to the photo that they saw last.
    if (messageId !== first.current) {
      void navigate({
        search: ({ view: _, part: __, ...rest }) => ({ ...rest, m: messageId }),
        replace: true,
      }).then(() => requestAnimationFrame(() => focusTile(messageId)));
      return;
    }
    // Back undoes the opening, so that the browser's own Back does not open it again; a shared link has nothing to undo.
    if (opened.current > 0) router.history.back();
    else void navigate({ search: ({ view: _, part: __, ...rest }) => rest, replace: true });
  };
  return {
    close,
    show: (media: MediaFile | undefined) => {
      if (media)
        void navigate({
          search: ({ part: _, ...rest }) => ({ ...rest, view: media.messageId, ...partOf(media) }),
          replace: true,
        });
    },
    jump: (messageId: number) =>
      void navigate({ search: ({ view: _, part: __, ...rest }) => ({ ...rest, m: messageId }) }),
  };
}

function focusTile(messageId: number): void {
  document.querySelector<HTMLElement>(`main [data-media="${messageId}"]`)?.focus({ preventScroll: true });
}

/** So that the next picture is there when its arrow is pressed. Only of files that are stored here, and that have a picture. */
function Preloaded({ media }: { media: MediaFile | undefined }) {
  if (media?.downloadStatus !== "completed" || !media.isActive) return null;
  const url = variantUrl(media, "preview");
  return refusalOf(media, url) === null && <img src={url} alt="" hidden />;
}

type SlideProps = {
  /** Tells this picture from the others. */
  name: string;
  gallery: Gallery;
  messageId: number;
  show: (media: MediaFile | undefined) => void;
  onClose: () => void;
  onJump: () => void;
};

function Slide({ name, gallery, messageId, show, onClose, onJump }: SlideProps) {
  const { current: media, older, newer } = gallery;
  const [help, setHelp] = useState(false);
  const zoom = useZoom(name, (direction) => {
    if (direction === "down") onClose();
    else show(direction === "left" ? newer : older);
  });
  useShortcuts(
    {
      ArrowLeft: () => show(older),
      ArrowRight: () => show(newer),
      Home: () => show(gallery.oldest),
      End: () => show(gallery.newest),
      "?": () => setHelp(true),
      "+": zoom.zoomIn,
      "=": zoom.zoomIn,
      "-": zoom.zoomOut,
      "0": zoom.fit,
      r: zoom.rotate,
    },
    true,
  );
  return (
    <div className="flex h-full flex-col" dir="ltr">
      <Bar gallery={gallery} messageId={messageId} zoom={zoom} onClose={onClose} onJump={onJump} />
      <div className="relative min-h-0 flex-1">
        {media ? (
          <LightboxStage key={name} media={media} zoom={zoom} messageId={messageId} />
        ) : (
          <WaitingStage error={gallery.error} retry={gallery.retry} />
        )}
        <Arrow side="start" label={texts.lightbox.previous} target={older} show={show} />
        <Arrow side="end" label={texts.lightbox.next} target={newer} show={show} />
      </div>
      {help && <ShortcutSheet onClose={() => setHelp(false)} />}
    </div>
  );
}

type BarProps = Omit<SlideProps, "show" | "name"> & { zoom: ReturnType<typeof useZoom> };

function Bar({ gallery, messageId, zoom, onClose, onJump }: BarProps) {
  const client = useQueryClient();
  const { data: message } = useQuery(messageQuery(messageId, client));
  const { current: media, counter } = gallery;
  const url = useViewUrl(media);
  const sender = message ? senderOf(message, undefined) : "";
  const when = message ? formatDateTime(message.timestamp) : "";
  const place = counter ? texts.lightbox.counter(counter.at, counter.of) : "";
  return (
    <header className="flex h-15 shrink-0 items-center gap-1 px-3">
      <div className="me-auto min-w-0">
        <p className="truncate font-medium">
          <PersonName name={sender} />{" "}
          {counter && <span className="ms-1 font-normal text-white/75">{place}</span>}
        </p>
        <p className="truncate text-white/75 text-xs">{when}</p>
        {/* Of a dialog only what is in it is heard. */}
        <p role="status" className="sr-only">
          {message && texts.lightbox.now(sender, when, place)}
        </p>
      </div>
      {/* What has no picture has nothing to zoom; the buttons stay, and with them the focus of who steps through. */}
      <ZoomButtons zoom={zoom} disabled={url === null} />
      <IconButton label={texts.lightbox.showInThread} onClick={onJump} className={dark}>
        <MessageSquareText className="size-5" />
      </IconButton>
      {media && url && <FileDownloadButton media={media} url={url} className={dark} />}
      <IconButton label={texts.action.close} onClick={onClose} className={dark}>
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
        className={`${dark} max-sm:hidden`}
      >
        <ZoomOut className="size-5" />
      </IconButton>
      <IconButton
        disabled={disabled}
        label={texts.lightbox.zoomIn}
        onClick={zoom.zoomIn}
        className={`${dark} max-sm:hidden`}
      >
        <ZoomIn className="size-5" />
      </IconButton>
      <IconButton disabled={disabled} label={texts.lightbox.rotate} onClick={zoom.rotate} className={dark}>
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

type ArrowProps = {
  side: "start" | "end";
  label: string;
  target: MediaFile | undefined;
  show: SlideProps["show"];
};

function Arrow({ side, label, target, show }: ArrowProps) {
  if (!target) return null;
  const Icon = side === "start" ? ChevronLeft : ChevronRight;
  return (
    <IconButton
      label={label}
      onClick={() => show(target)}
      className={`absolute! inset-y-0 my-auto size-12! rounded-full! bg-black/40 ${dark} ${side === "start" ? "start-3" : "end-3"}`}
    >
      <Icon className="size-7" />
    </IconButton>
  );
}
