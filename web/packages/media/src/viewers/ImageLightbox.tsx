import { ChevronLeft, ChevronRight } from "lucide-react";
import { type ReactNode, useState } from "react";
import { targetOf, useShortcuts } from "../lib/shortcuts";
import { useAddress } from "../server/address";
import type { MediaFile } from "../types";
import { IconButton } from "../ui/button";
import { useModal } from "../ui/useModal";
import { LightboxBar, lightboxButton } from "./LightboxBar";
import { LightboxStage } from "./LightboxStage";
import { refusalOf } from "./making";
import type { About, Neighbours } from "./neighbours";
import { useSwipe } from "./useSwipe";
import { useZoom } from "./useZoom";
import { isSeenAsPicture, variantUrl } from "./variants";
import { WaitingStage } from "./WaitingStage";

type ImageLightboxProps = {
  label: string;
  /** What the arrows are called. */
  words: { before: string; after: string };
  neighbours: Neighbours;
  /** Tells this file from the others. */
  name: string;
  /** Null until it is known. */
  about: About | null;
  show: (media: MediaFile | undefined) => void;
  onClose: () => void;
  /** Shows it where it was sent; without it there is no such button. */
  onJump?: () => void;
  /** Says what the keys do, to who asks by "?". */
  help?: (close: () => void) => ReactNode;
};

/** One file over everything, and the way to those beside it. */
export function ImageLightbox({ label, name, ...rest }: ImageLightboxProps) {
  const { neighbours, onClose } = rest;
  return (
    <dialog
      {...useModal(onClose)}
      tabIndex={-1}
      aria-label={label}
      className="m-0 h-dvh max-h-none w-screen max-w-none bg-[#0a0d0c] p-0 text-white outline-none backdrop:bg-black"
    >
      <Preloaded media={neighbours.before} />
      <Preloaded media={neighbours.after} />
      <Slide {...rest} name={name} />
    </dialog>
  );
}

/** So that the next picture is there when its arrow is pressed. Only of files that are stored here, and that have a picture. */
function Preloaded({ media }: { media: MediaFile | undefined }) {
  if (media?.downloadStatus !== "completed" || !media.isActive) return null;
  if (!isSeenAsPicture(media)) return null;
  const url = variantUrl(media, "preview");
  return refusalOf(media, url) === null && <PreloadedPicture media={media} url={url} />;
}

function PreloadedPicture({ media, url }: { media: MediaFile; url: string }) {
  const address = useAddress(media, url);
  return address && <img src={address} alt="" hidden />;
}

type SlideProps = Omit<ImageLightboxProps, "label">;

function Slide({ name, words, neighbours, about, show, onClose, onJump, help }: SlideProps) {
  const { current: media, before, after } = neighbours;
  const [helps, setHelps] = useState(false);
  // Where a page is read from right to left, what follows lies to the left.
  const [left, right] = document.dir === "rtl" ? [after, before] : [before, after];
  const zoom = useZoom(name);
  const swipe = useSwipe((direction) => {
    // Then the finger moves the picture.
    if (zoom.zoomed) return;
    if (direction === "down") onClose();
    else show(direction === "left" ? right : left);
  });
  useShortcuts(
    {
      ArrowLeft: unlessSlider(() => show(left)),
      ArrowRight: unlessSlider(() => show(right)),
      Home: unlessSlider(() => show(neighbours.first)),
      End: unlessSlider(() => show(neighbours.last)),
      "?": () => setHelps(true),
      "+": zoom.zoomIn,
      "=": zoom.zoomIn,
      "-": zoom.zoomOut,
      "0": zoom.fit,
      r: zoom.rotate,
    },
    true,
  );
  return (
    <div className="flex h-full flex-col">
      <LightboxBar neighbours={neighbours} about={about} zoom={zoom} onClose={onClose} onJump={onJump} />
      <div className="relative min-h-0 flex-1 touch-none" {...swipe}>
        {media ? (
          <LightboxStage key={name} media={media} zoom={zoom} about={about} />
        ) : (
          <WaitingStage error={neighbours.error} retry={neighbours.retry} />
        )}
        <Arrow side="start" label={words.before} target={before} show={show} />
        <Arrow side="end" label={words.after} target={after} show={show} />
      </div>
      {helps && help?.(() => setHelps(false))}
    </div>
  );
}

/** The slider of a player has these keys for itself. */
function unlessSlider(act: () => void): (event: KeyboardEvent) => unknown {
  return (event) => (targetOf(event) instanceof HTMLInputElement ? false : act());
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
      <Icon className="size-7 rtl:rotate-180" />
    </IconButton>
  );
}
