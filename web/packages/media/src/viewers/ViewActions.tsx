import { clsx } from "clsx";
import { EyeOff, type LucideIcon, RefreshCw } from "lucide-react";
import { texts } from "../texts";
import type { MediaFile } from "../types";
import { stopAudio, usePlayback } from "./playback";
import { useReveal, type View } from "./reveal";
import { isCard, isSticker } from "./tile";

type ViewActionsProps = { media: MediaFile; view: View; onAgain: () => void };

/** What one may do with a file that is never kept: fetch it again, or cover it. */
export function ViewActions({ media, view, onAgain }: ViewActionsProps) {
  const hide = () => {
    if (usePlayback.getState().mediaId === media.id) stopAudio();
    useReveal.getState().hide(media.id);
  };
  const card = isCard(media);
  return (
    <div
      data-focus-aside
      className={clsx("flex gap-1.5", card ? "px-1.5 pt-1 pb-0.5" : "absolute end-2 top-2 z-1")}
    >
      {!view.empty && (
        // A sticker has no room for words.
        <Action
          icon={RefreshCw}
          label={texts.media.viewAgain}
          wordless={isSticker(media)}
          onCard={card}
          onClick={onAgain}
        />
      )}
      <Action icon={EyeOff} label={texts.media.hide} wordless={!card} onCard={card} onClick={hide} />
    </div>
  );
}

type ActionProps = {
  icon: LucideIcon;
  label: string;
  wordless: boolean;
  onCard: boolean;
  onClick: () => void;
};

function Action({ icon: Icon, label, wordless, onCard, onClick }: ActionProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      onClick={onClick}
      className={clsx(
        "inline-flex min-h-8 items-center justify-center gap-1.5 rounded-full font-medium text-xs pointer-coarse:min-h-10",
        wordless ? "min-w-8 pointer-coarse:min-w-10" : "px-3",
        onCard
          ? "bg-accent/12 text-accent-strong hover:bg-accent/20"
          : "bg-black/65 text-white hover:bg-black/80 focus-visible:outline-white",
      )}
    >
      <Icon aria-hidden="true" className="size-4" />
      {!wordless && label}
    </button>
  );
}
