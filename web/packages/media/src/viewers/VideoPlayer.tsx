import { Play } from "lucide-react";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { fileNameOf } from "../lib/fileName";
import { formatBytes, formatLength } from "../lib/format";
import { useAddresses } from "../server/address";
import { NOTHING } from "../server/bytes";
import { texts } from "../texts";
import { Spinner } from "../ui/spinner";
import { type Box, mediaBox } from "./box";
import { FailedTile } from "./FailedTile";
import { useWhy } from "./failure";
import { kindOf } from "./kind";
import { LoadingTile } from "./LoadingTile";
import { MakingTile } from "./MakingTile";
import { claimPlayback, unload } from "./playback";
import { refreshRecord } from "./useMediaDownload";
import { type Broken, brokenBy, useMediaElement } from "./useMediaElement";
import { usePlayable } from "./usePlayable";
import { useSeek } from "./useSeek";
import { VariantPicture } from "./VariantPicture";
import { onKey, VideoControls } from "./VideoControls";
import { pictureUrl } from "./variants";
import type { ViewerProps } from "./viewerProps";
import { fetchAgain } from "./views";

/** A video with controls of our own. Until it is played only its poster is fetched, and of one on demand nothing. */
export function VideoPlayer(props: ViewerProps & { large?: boolean }) {
  const { media, url, wanted } = props;
  const { playable, askAgain } = usePlayable(media, url);
  const [attempt, setAttempt] = useState(0);
  // Kept here, as the element that knows of it goes away with it. Another source is another chance.
  const [broken, setBroken] = useState<(Broken & { sources: string }) | null>(null);
  const addresses = useAddresses(media, playable.kind === "ready" ? playable.urls : NOWHERE);
  const sources = addresses ?? NOWHERE;
  const isBroken = broken !== null && broken.sources === sources.join(" ");
  const why = useWhy(url, isBroken, broken?.reason ?? "", broken?.final);
  const retry = () => {
    setBroken(null);
    setAttempt(attempt + 1);
    askAgain();
    refreshRecord(media);
  };
  if (playable.kind === "making") return <MakingTile media={media} />;
  if (isBroken || playable.kind === "refused") {
    const failure = playable.kind === "refused" ? playable.failure : why;
    return <FailedTile media={media} url={url} failure={failure} retry={retry} />;
  }
  if (addresses === null) return <LoadingTile media={media} progress={NOTHING} />;
  return (
    <Player
      key={attempt}
      {...props}
      sources={sources}
      wanted={wanted || attempt > 0}
      onBroken={(why) => setBroken({ ...why, sources: sources.join(" ") })}
    />
  );
}

const NOWHERE: readonly string[] = [];

type PlayerProps = ViewerProps & {
  /** It fills what is around it, instead of its place in the thread. */
  large?: boolean;
  sources: readonly string[];
  onBroken: (why: Broken) => void;
};

function Player({ media, url, large = false, sources, caption, wanted, onBroken }: PlayerProps) {
  const frame = useRef<HTMLElement>(null);
  const [element, setElement] = useState<HTMLVideoElement | null>(null);
  const [started, setStarted] = useState(false);
  // Decided once: what the record learns while its video plays must not start that over.
  const [preload] = useState(() => preloadOf(media));
  const box = useBox(media, started);
  const [from, setFrom] = useState<StartPosition>({ source: sources[0] ?? url, at: null, failed: [] });
  const best = sources.find((source) => !from.failed.includes(source));
  // Nobody sees yet where it would come from.
  if (!started && from.at === null && best !== undefined && best !== from.source) {
    setFrom({ ...from, source: best });
  }
  const state = useMediaElement(element);
  const move = useSeek(element, media, url, (source, at) => setFrom({ ...from, source, at }));
  const play = () => {
    if (!element) return;
    setStarted(true);
    claimPlayback(element);
    element.play().catch(() => {});
  };
  const resume = useEffectEvent((at: number | null) => {
    if (element === null) return;
    if (at !== null) element.currentTime = at;
    if (at !== null || wanted) play();
  });
  useEffect(() => {
    if (element === null) return;
    element.src = from.source;
    resume(from.at);
    return () => unload(element);
  }, [element, from]);
  if (move.failure) {
    return <FailedTile media={media} url={url} failure={move.failure} retry={() => fetchAgain(url)} />;
  }
  const fail = (video: HTMLVideoElement) => {
    const failed = [...from.failed, from.source];
    const next = sources.find((source) => !failed.includes(source));
    // What the page fetched whole is the file itself: there is nothing beyond it.
    if (next === undefined || from.source.startsWith("blob:")) {
      return onBroken(brokenBy(video, media));
    }
    setFrom({ source: next, at: started ? video.currentTime : null, failed });
  };
  const toggle = () => (state.playing ? element?.pause() : play());
  const fullscreen = () =>
    void (document.fullscreenElement ? document.exitFullscreen() : frame.current?.requestFullscreen());
  return (
    <section
      ref={frame}
      aria-label={caption || fileNameOf(media) || kindOf(media).label}
      dir="ltr"
      onKeyDown={(event) => element && onKey(event, element, { toggle, fullscreen, seek: move.seek })}
      className="group relative max-w-full overflow-hidden rounded-xl bg-black text-white"
      data-media={large ? undefined : media.messageId}
      style={large ? FILLING : { width: box.width, height: box.height }}
    >
      <video
        ref={setElement}
        preload={preload}
        playsInline
        tabIndex={-1}
        onClick={toggle}
        onError={(event) => fail(event.currentTarget)}
        onLoadedMetadata={(event) => isBlack(event.currentTarget, media) && fail(event.currentTarget)}
        className="size-full object-contain"
      />
      {!(started && state.hasFrame) && (
        <span className="pointer-events-none absolute inset-0">
          <VariantPicture media={media} width={box.width} />
        </span>
      )}
      {started && (state.waiting || move.waiting) && <WaitingSpinner bytes={move.waiting?.bytes ?? 0} />}
      {started && element ? (
        <VideoControls element={element} state={state} move={move} toggle={toggle} fullscreen={fullscreen} />
      ) : (
        <Cover media={media} duration={state.duration} onPlay={play} />
      )}
    </section>
  );
}

const FILLING = { width: "100%", height: "100%" };

function preloadOf(media: ViewerProps["media"]): "metadata" | "none" {
  // Its first picture lies in a small part of a stored file. Of one that is not stored, nothing is fetched unasked.
  return media.downloadStatus === "completed" && pictureUrl(media, 1) === null ? "metadata" : "none";
}

/**
 * The place of a video. What is learned of its size while it is looked at must not move the thread, but for the size itself: one that
 * has just come takes its shape with its poster, unless somebody is watching it already.
 */
function useBox(media: ViewerProps["media"], watched: boolean): Box {
  const isKnown = media.width !== null && media.height !== null;
  const [{ box, sized }, setPlace] = useState(() => ({ box: mediaBox(media), sized: isKnown }));
  if (isKnown && !sized && !watched) setPlace({ box: mediaBox(media), sized: true });
  return box;
}

/** Whether only its sound plays: of pictures that a browser cannot decode it says nothing. */
function isBlack(video: HTMLVideoElement, { width, durationMs, unplayable }: ViewerProps["media"]): boolean {
  const soundAlone = width === null && durationMs !== null && unplayable === null;
  return video.videoWidth === 0 && !soundAlone;
}

/** Where the element gets it, from which second it resumes by itself, and where it did not get it. */
type StartPosition = { source: string; at: number | null; failed: string[] };

function WaitingSpinner({ bytes }: { bytes: number }) {
  return (
    <div
      role="status"
      aria-label={texts.media.loading}
      className="pointer-events-none absolute inset-0 flex flex-col items-center justify-center gap-2"
    >
      <span className="flex size-14 items-center justify-center rounded-full bg-black/60">
        <Spinner className="size-7" />
      </span>
      {bytes > 0 && (
        <span className="rounded-full bg-black/60 px-2 py-0.5 text-xs tabular-nums">
          {formatBytes(bytes)}
        </span>
      )}
    </div>
  );
}

type CoverProps = { media: ViewerProps["media"]; duration: number | null; onPlay: () => void };

function Cover({ media, duration, onPlay }: CoverProps) {
  const seconds = media.durationMs === null ? duration : media.durationMs / 1000;
  const facts = [
    seconds === null ? null : formatLength(seconds),
    media.fileSize === null ? null : formatBytes(media.fileSize),
  ].filter(Boolean);
  return (
    <button
      type="button"
      data-act="play"
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
