import { ChevronLeft, ChevronRight } from "lucide-react";
import { useState } from "react";
import type { MediaFile } from "@/api/types";
import { IconButton } from "@/components/ui/button";
import { useModal } from "@/components/ui/dialog";
import { ShortcutSheet } from "@/components/ui/shortcut-sheet";
import { LightboxBar, lightboxButton } from "@/features/media/LightboxBar";
import { LightboxStage } from "@/features/media/LightboxStage";
import { refusalOf } from "@/features/media/making";
import type { Neighbours } from "@/features/media/useNeighbours";
import { useZoom } from "@/features/media/useZoom";
import { isSeenAsPicture, variantUrl } from "@/features/media/variants";
import { WaitingStage } from "@/features/media/WaitingStage";
import { useShortcuts } from "@/lib/shortcuts";

type LightboxProps = {
  label: string;
  /** What the arrows are called. */
  words: { before: string; after: string };
  neighbours: Neighbours;
  messageId: number;
  part: number;
  show: (media: MediaFile | undefined) => void;
  onClose: () => void;
  onJump: () => void;
};

/** One file over everything, and the way to those beside it. */
export function Lightbox({ label, part, ...rest }: LightboxProps) {
  const { neighbours, messageId, onClose } = rest;
  return (
    <dialog
      {...useModal(onClose)}
      tabIndex={-1}
      aria-label={label}
      className="m-0 h-dvh max-h-none w-screen max-w-none bg-[#0a0d0c] p-0 text-white outline-none backdrop:bg-black"
    >
      <Preloaded media={neighbours.before} />
      <Preloaded media={neighbours.after} />
      <Slide {...rest} name={`${messageId}-${part}`} />
    </dialog>
  );
}

/** So that the next picture is there when its arrow is pressed. Only of files that are stored here, and that have a picture. */
function Preloaded({ media }: { media: MediaFile | undefined }) {
  if (media?.downloadStatus !== "completed" || !media.isActive) return null;
  if (!isSeenAsPicture(media)) return null;
  const url = variantUrl(media, "preview");
  return refusalOf(media, url) === null && <img src={url} alt="" hidden />;
}

type SlideProps = Omit<LightboxProps, "label" | "part"> & {
  /** Tells this file from the others. */
  name: string;
};

function Slide({ name, words, neighbours, messageId, show, onClose, onJump }: SlideProps) {
  const { current: media, before, after } = neighbours;
  const [help, setHelp] = useState(false);
  // Where a page is read from right to left, what follows lies to the left.
  const [left, right] = document.dir === "rtl" ? [after, before] : [before, after];
  const zoom = useZoom(name, (direction) => {
    if (direction === "down") onClose();
    else show(direction === "left" ? right : left);
  });
  useShortcuts(
    {
      ArrowLeft: unlessSlider(() => show(left)),
      ArrowRight: unlessSlider(() => show(right)),
      Home: unlessSlider(() => show(neighbours.first)),
      End: unlessSlider(() => show(neighbours.last)),
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
    <div className="flex h-full flex-col">
      <LightboxBar
        neighbours={neighbours}
        messageId={messageId}
        zoom={zoom}
        onClose={onClose}
        onJump={onJump}
      />
      <div className="relative min-h-0 flex-1">
        {media ? (
          <LightboxStage key={name} media={media} zoom={zoom} messageId={messageId} />
        ) : (
          <WaitingStage error={neighbours.error} retry={neighbours.retry} />
        )}
        <Arrow side="start" label={words.before} target={before} show={show} />
        <Arrow side="end" label={words.after} target={after} show={show} />
      </div>
      {help && <ShortcutSheet onClose={() => setHelp(false)} />}
    </div>
  );
}

/** The slider of a player has these keys for itself. */
function unlessSlider(act: () => void): (event: KeyboardEvent) => unknown {
  return ({ target }) => (target instanceof HTMLInputElement ? false : act());
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
