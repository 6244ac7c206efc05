import { clsx } from "clsx";
import { Pause, Play } from "lucide-react";
import { formatDuration, formatLength } from "../lib/format";
import { number, texts } from "../texts";
import { Spinner } from "../ui/spinner";
import { usePlayback } from "./playback";

/** Controls that audio and video share. Time runs left to right in every script, so they do not mirror. */

type PlayButtonProps = { playing: boolean; waiting: boolean; onClick: () => void; className?: string };

export function PlayButton({ playing, waiting, onClick, className }: PlayButtonProps) {
  const label = playing ? texts.player.pause : texts.player.play;
  const Icon = playing ? Pause : Play;
  return (
    <button
      type="button"
      data-act="play"
      aria-label={label}
      title={label}
      onClick={onClick}
      className={clsx("inline-flex shrink-0 items-center justify-center rounded-full", className)}
    >
      {waiting ? (
        <Spinner />
      ) : (
        <Icon aria-hidden="true" className={clsx("size-5 fill-current", !playing && "ms-0.5")} />
      )}
    </button>
  );
}

export type SeekBarProps = {
  time: number;
  /** Up to where it has come. */
  loaded: number;
  duration: number | null;
  onSeek: (seconds: number) => void;
  className?: string;
};

const STEP_SECONDS = 5;
/** Of the whole length. */
const PAGE_STEP = 0.1;

export function SeekBar({ time, loaded, duration, onSeek, className }: SeekBarProps) {
  const end = duration ?? 0;
  return (
    <input
      type="range"
      aria-label={texts.player.seek}
      aria-valuetext={texts.player.position(formatDuration(time), formatLength(end))}
      min={0}
      max={end || 1}
      step={0.05}
      value={Math.min(time, end || 1)}
      disabled={end === 0}
      onChange={(event) => onSeek(event.target.valueAsNumber)}
      onKeyDown={(event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const target = targetOf(event.key, time, end);
        if (target === null) return;
        event.preventDefault();
        onSeek(Math.min(end, Math.max(0, target)));
      }}
      className={clsx("track w-full", className)}
      style={
        { "--at": end > 0 ? time / end : 0, "--loaded": end > 0 ? loaded / end : 0 } as React.CSSProperties
      }
    />
  );
}

/** Where a key leads to; a digit is so many tenths. All are handled here, as the steps of the browser's own are those of a finger. */
function targetOf(key: string, time: number, end: number): number | null {
  switch (key) {
    case "ArrowRight":
    case "ArrowUp":
      return time + STEP_SECONDS;
    case "ArrowLeft":
    case "ArrowDown":
      return time - STEP_SECONDS;
    case "PageUp":
      return time + end * PAGE_STEP;
    case "PageDown":
      return time - end * PAGE_STEP;
    case "Home":
      return 0;
    case "End":
      return end;
    default:
      return /^\d$/.test(key) ? (end * Number(key)) / 10 : null;
  }
}

export function SpeedButton({ className }: { className?: string }) {
  const { rate, nextRate } = usePlayback();
  return (
    <button
      type="button"
      aria-label={texts.player.speed(rate)}
      title={texts.player.speed(rate)}
      onClick={nextRate}
      className={clsx(
        "h-7 min-w-10 shrink-0 rounded-full px-2 font-semibold text-xs tabular-nums",
        className,
      )}
    >
      {number(rate)}×
    </button>
  );
}
