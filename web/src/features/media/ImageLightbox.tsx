import { useNavigate, useRouter } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useRef, useState } from "react";
import type { MediaFile } from "@/api/types";
import { IconButton } from "@/components/ui/button";
import { useModal } from "@/components/ui/dialog";
import { ShortcutSheet } from "@/components/ui/shortcut-sheet";
import { LightboxBar, lightboxButton } from "@/features/media/LightboxBar";
import { LightboxStage } from "@/features/media/LightboxStage";
import { refusalOf } from "@/features/media/making";
import { partOf } from "@/features/media/state";
import { type Gallery, useMediaGallery } from "@/features/media/useMediaGallery";
import { useZoom } from "@/features/media/useZoom";
import { variantUrl } from "@/features/media/variants";
import { WaitingStage } from "@/features/media/WaitingStage";
import { useShortcuts } from "@/lib/shortcuts";
import { texts } from "@/texts";

type LightboxProps = { conversationId: number; messageId: number; part: number };

/** One picture or video over everything; the arrows lead through all of the conversation. The URL says which is open. */
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
  const tile = document.querySelector<HTMLElement>(`main [data-media="${messageId}"]`);
  const control = tile?.matches("a") ? tile : tile?.querySelector<HTMLElement>("button");
  control?.focus({ preventScroll: true });
}

/** So that the next picture is there when its arrow is pressed. Only of files that are stored here, and that have a picture. */
function Preloaded({ media }: { media: MediaFile | undefined }) {
  if (media?.downloadStatus !== "completed" || !media.isActive || media.fileType === "video") return null;
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
      <LightboxBar gallery={gallery} messageId={messageId} zoom={zoom} onClose={onClose} onJump={onJump} />
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
      className={`absolute! inset-y-0 my-auto size-12! rounded-full! bg-black/40 ${lightboxButton} ${side === "start" ? "start-3" : "end-3"}`}
    >
      <Icon className="size-7" />
    </IconButton>
  );
}
