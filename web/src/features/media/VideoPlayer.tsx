import { clsx } from "clsx";
import { Maximize, Play, Volume2, VolumeX } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import { mediaBox } from "@/features/media/box";
import { PlayButton, SeekBar, SpeedButton } from "@/features/media/controls";
import { FailedTile } from "@/features/media/FailedTile";
import { kindOf } from "@/features/media/kind";
import type { ViewerProps } from "@/features/media/MediaViewer";
import { claimPlayback } from "@/features/media/playback";
import { playableUrl, posterUrl } from "@/features/media/state";
import { seekTo, useMediaElement } from "@/features/media/useMediaElement";
import { formatBytes, formatDuration } from "@/lib/format";
import { blurOf } from "@/lib/thumbhash";
import { texts } from "@/texts";

/** A video with controls of our own. Until it is played only its first picture is fetched, and under `stream` nothing. */
export function VideoPlayer({ media, url, caption }: ViewerProps) {
  const [element, setElement] = useState<HTMLVideoElement | null>(null);
  const [frame, setFrame] = useState<HTMLElement | null>(null);
  const [started, setStarted] = useState(false);
  const [attempt, setAttempt] = useState(0);
  const state = useMediaElement(element);
  const box = mediaBox(media);
  const poster = posterUrl(media) ?? blurOf(media.thumbhash) ?? undefined;
  if (state.failed) {
    const retry = () => {
      setStarted(false);
      setAttempt(attempt + 1);
    };
    return <FailedTile media={media} url={url} fallback={texts.media.unplayable} retry={retry} />;
  }
  const toggle = () => {
    if (!element) return;
    setStarted(true);
    if (state.playing) return element.pause();
    claimPlayback(element);
    element.play().catch(() => {});
  };
  const fullscreen = () =>
    void (document.fullscreenElement ? document.exitFullscreen() : frame?.requestFullscreen());
  return (
    <section
      ref={setFrame}
      aria-label={caption || media.fileName || kindOf(media).label}
      dir="ltr"
      onKeyDown={(event) => element && onKey(event, element, { toggle, fullscreen })}
      className="group relative max-w-full overflow-hidden rounded-xl bg-black text-white"
      style={{ width: box.width, height: box.height }}
    >
      <video
        key={attempt}
        ref={setElement}
        src={playableUrl(media, url, (type) => document.createElement("video").canPlayType(type) !== "")}
        poster={poster}
        preload={media.downloadStatus === "completed" && !posterUrl(media) ? "metadata" : "none"}
        playsInline
        tabIndex={-1}
        onClick={toggle}
        className={clsx("size-full", started ? "object-contain" : "object-cover")}
      />
      {started ? (
        <Controls element={element} state={state} toggle={toggle} fullscreen={fullscreen} />
      ) : (
        <Cover media={media} duration={state.duration} onPlay={toggle} />
      )}
    </section>
  );
}

type CoverProps = { media: ViewerProps["media"]; duration: number | null; onPlay: () => void };

function Cover({ media, duration, onPlay }: CoverProps) {
  const seconds = media.durationMs === null ? duration : media.durationMs / 1000;
  const facts = [
    seconds === null ? null : formatDuration(seconds),
    media.fileSize === null ? null : formatBytes(media.fileSize),
  ].filter(Boolean);
  return (
    <button
      type="button"
      aria-label={texts.player.play}
      onClick={onPlay}
      className="absolute inset-0 flex items-center justify-center bg-black/10 -outline-offset-4 hover:bg-black/25"
    >
      <span className="flex size-14 items-center justify-center rounded-full bg-black/60 ring-1 ring-white/30">
        <Play aria-hidden="true" className="ms-1 size-7 fill-current" />
      </span>
      {facts.length > 0 && (
        <span className="absolute start-2 bottom-2 rounded-full bg-black/60 px-2 py-0.5 text-xs tabular-nums">
          {facts.join(" · ")}
        </span>
      )}
    </button>
  );
}

type ControlsProps = {
  element: HTMLVideoElement | null;
  state: ReturnType<typeof useMediaElement>;
  toggle: () => void;
  fullscreen: () => void;
};

function Controls({ element, state, toggle, fullscreen }: ControlsProps) {
  if (!element) return null;
  const MuteIcon = state.muted ? VolumeX : Volume2;
  const muteLabel = state.muted ? texts.player.unmute : texts.player.mute;
  const small = "inline-flex size-8 shrink-0 items-center justify-center rounded-full hover:bg-white/20";
  return (
    <div
      className={clsx(
        "absolute inset-x-0 bottom-0 bg-linear-to-t from-black/80 to-transparent px-2 pt-8 pb-1 transition-opacity",
        state.playing && "opacity-0 focus-within:opacity-100 group-hover:opacity-100",
      )}
    >
      <SeekBar
        time={state.time}
        duration={state.duration}
        onSeek={(seconds) => seekTo(element, seconds)}
        className="block [--track-fill:#fff] [--track-rest:rgb(255_255_255/40%)]"
      />
      <div className="flex items-center gap-1">
        <PlayButton playing={state.playing} waiting={state.waiting} onClick={toggle} className={small} />
        <span className="me-auto whitespace-nowrap text-xs tabular-nums">
          {formatDuration(state.time)} / {formatDuration(state.duration ?? 0)}
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

type Actions = { toggle: () => void; fullscreen: () => void };

/** The usual keys, while the video or one of its controls has the focus. */
function onKey(event: KeyboardEvent, element: HTMLVideoElement, { toggle, fullscreen }: Actions): void {
  const onButton = event.target instanceof HTMLButtonElement;
  const onRange = event.target instanceof HTMLInputElement;
  const keys: Record<string, () => void> = {
    k: toggle,
    j: () => seekTo(element, element.currentTime - 10),
    l: () => seekTo(element, element.currentTime + 10),
    f: fullscreen,
    m: () => {
      element.muted = !element.muted;
    },
    ...(onButton ? {} : { " ": toggle }),
    ...(onRange
      ? {}
      : {
          ArrowLeft: () => seekTo(element, element.currentTime - 5),
          ArrowRight: () => seekTo(element, element.currentTime + 5),
        }),
  };
  const action = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
  action();
  event.preventDefault();
  event.stopPropagation();
}
