import { clsx } from "clsx";
import { Maximize, Volume2, VolumeX } from "lucide-react";
import type { KeyboardEvent } from "react";
import { formatDuration, formatLength } from "../lib/format";
import { letterOf } from "../lib/letter";
import { texts } from "../texts";
import { PlayButton, SeekBar, SpeedButton } from "./controls";
import type { useMediaElement } from "./useMediaElement";
import type { useSeek } from "./useSeek";

type VideoControlsProps = {
  element: HTMLVideoElement;
  state: ReturnType<typeof useMediaElement>;
  move: ReturnType<typeof useSeek>;
  toggle: () => void;
  fullscreen: () => void;
};

/** Over the lower edge of a video that was started. */
export function VideoControls({ element, state, move, toggle, fullscreen }: VideoControlsProps) {
  const MuteIcon = state.muted ? VolumeX : Volume2;
  const muteLabel = state.muted ? texts.player.unmute : texts.player.mute;
  const small = "inline-flex size-8 shrink-0 items-center justify-center rounded-full hover:bg-white/20";
  const time = move.waiting?.seconds ?? state.time;
  return (
    <div
      className={clsx(
        "absolute inset-x-0 bottom-0 bg-linear-to-t from-black/80 to-transparent px-2 pt-8 pb-1 transition-opacity",
        state.playing && "opacity-0 focus-within:opacity-100 group-hover:opacity-100",
      )}
    >
      <SeekBar
        time={time}
        loaded={state.loaded}
        duration={state.duration}
        onSeek={move.seek}
        className="block [--track-fill:#fff] [--track-loaded:rgb(255_255_255/55%)] [--track-rest:rgb(255_255_255/30%)]"
      />
      <div className="-mx-1 flex items-center">
        <PlayButton playing={state.playing} waiting={false} onClick={toggle} className={small} />
        <span className="me-auto whitespace-nowrap text-xs tabular-nums">
          {formatDuration(time)} / {formatLength(state.duration ?? 0)}
        </span>
        <SpeedButton className="hover:bg-white/20" />
        <button
          type="button"
          aria-label={muteLabel}
          title={muteLabel}
          onClick={() => {
            element.muted = !element.muted;
          }}
          className={small}
        >
          <MuteIcon aria-hidden="true" className="size-4.5" />
        </button>
        <button
          type="button"
          aria-label={texts.player.fullscreen}
          title={texts.player.fullscreen}
          onClick={fullscreen}
          className={small}
        >
          <Maximize aria-hidden="true" className="size-4.5" />
        </button>
      </div>
    </div>
  );
}

type Actions = { toggle: () => void; fullscreen: () => void; seek: (seconds: number) => void };

/** The usual keys, while the video or one of its controls has the focus. */
export function onKey(event: KeyboardEvent, element: HTMLVideoElement, actions: Actions): void {
  const { toggle, fullscreen, seek } = actions;
  const onButton = event.target instanceof HTMLButtonElement;
  const onRange = event.target instanceof HTMLInputElement;
  const keys: Record<string, () => void> = {
    k: toggle,
    j: () => seek(element.currentTime - 10),
    l: () => seek(element.currentTime + 10),
    f: fullscreen,
    m: () => {
      element.muted = !element.muted;
    },
    ...(onButton ? {} : { " ": toggle }),
    ...(onRange
      ? {}
      : {
          ArrowLeft: () => seek(element.currentTime - 5),
          ArrowRight: () => seek(element.currentTime + 5),
        }),
  };
  const action = keys[letterOf(event)];
  if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
  action();
  event.preventDefault();
  event.stopPropagation();
}
