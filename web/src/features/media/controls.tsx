import { clsx } from "clsx";
import { Pause, Play } from "lucide-react";
import { Spinner } from "@/components/ui/spinner";
import { usePlayback } from "@/features/media/playback";
import { formatDuration } from "@/lib/format";
import { texts } from "@/texts";

/** Controls that audio and video share. Time runs left to right in every script, so they do not mirror. */

type PlayButtonProps = { playing: boolean; waiting: boolean; onClick: () => void; className?: string };

export function PlayButton({ playing, waiting, onClick, className }: PlayButtonProps) {
  const label = playing ? texts.player.pause : texts.player.play;
  const Icon = playing ? Pause : Play;
  return (
    <button
      type="button"
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

type SeekBarProps = {
  time: number;
  /** Up to where it has come. */
  loaded: number;
  duration: number | null;
  onSeek: (seconds: number) => void;
  className?: string;
};

const STEP_SECONDS = 5;

export function SeekBar({ time, loaded, duration, onSeek, className }: SeekBarProps) {
  const end = duration ?? 0;
  return (
    <input
      type="range"
      aria-label={texts.player.seek}
      aria-valuetext={texts.player.position(formatDuration(time), formatDuration(end))}
      min={0}
      max={end || 1}
      step={0.05}
      value={Math.min(time, end || 1)}
      disabled={end === 0}
      onChange={(event) => onSeek(event.target.valueAsNumber)}
      onKeyDown={(event) => {
        const step = {
          ArrowRight: STEP_SECONDS,
          ArrowUp: STEP_SECONDS,
          ArrowLeft: -STEP_SECONDS,
          ArrowDown: -STEP_SECONDS,
        };
        const by = step[event.key as keyof typeof step];
        if (by === undefined) return;
        event.preventDefault();
        onSeek(Math.min(end, Math.max(0, time + by)));
      }}
      className={clsx("track w-full", className)}
      style={
        { "--at": end > 0 ? time / end : 0, "--loaded": end > 0 ? loaded / end : 0 } as React.CSSProperties
      }
    />
  );
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
      {rate}×
    </button>
  );
}
