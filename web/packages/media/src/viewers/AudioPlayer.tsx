import { clsx } from "clsx";
import { useEffect, useEffectEvent, useState } from "react";
import { fileNameOf } from "../lib/fileName";
import { formatBytes, formatDuration, formatLength } from "../lib/format";
import { useAddresses } from "../server/address";
import { NOTHING } from "../server/bytes";
import { texts } from "../texts";
import { mediaBox } from "./box";
import { PlayButton, SeekBar, SpeedButton } from "./controls";
import { FailedTile } from "./FailedTile";
import { FileDownloadButton } from "./FileDownloadButton";
import { useWhy } from "./failure";
import { kindOf } from "./kind";
import { LoadingTile } from "./LoadingTile";
import { MakingTile } from "./MakingTile";
import { audioElement, goOnWith, playAudio, usePlayback } from "./playback";
import { useInView } from "./useInView";
import { refreshRecord } from "./useMediaDownload";
import { type Broken, seekTo, useMediaElement } from "./useMediaElement";
import { usePlayable } from "./usePlayable";
import { useSeek } from "./useSeek";
import { useWaveform } from "./useWaveform";
import type { ViewerProps } from "./viewerProps";
import { fetchAgain, hold } from "./views";
import { Waveform } from "./Waveform";

/** A voice note or a sound file, in the form in which it plays here. */
export function AudioPlayer(props: ViewerProps) {
  const { media, url } = props;
  const { playable, askAgain } = usePlayable(media, url);
  const sources = useAddresses(media, playable.kind === "ready" ? playable.urls : NOWHERE);
  const askAll = () => {
    askAgain();
    refreshRecord(media);
  };
  if (playable.kind === "making") return <MakingTile media={media} />;
  if (playable.kind === "refused") {
    return <FailedTile media={media} url={url} failure={playable.failure} retry={askAll} />;
  }
  if (sources === null) return <LoadingTile media={media} progress={NOTHING} />;
  return <PlayableAudio {...props} sources={sources} onRetry={askAll} />;
}

const NOWHERE: readonly string[] = [];

type PlayableProps = ViewerProps & { sources: string[]; onRetry: () => void };

/** Nothing is loaded before it is played; the one audio element serves them all. */
function PlayableAudio({ sources, onRetry, ...props }: PlayableProps) {
  const { media, url, wanted } = props;
  const mine = usePlayback((state) => state.mediaId === media.id && state.url === url);
  const element = mine ? audioElement() : null;
  const state = useMediaElement(element);
  // Kept here, as the one element that knows of it may move to another file. Another source is another chance.
  const [broken, setBroken] = useState<(Broken & { sources: string }) | null>(null);
  const isBroken = broken !== null && broken.sources === sources.join(" ");
  const why = useWhy(url, isBroken, broken?.reason ?? "", broken?.final);
  const move = useSeek(element, media, url, (from, seconds) => goOnWith(from, seconds, hold(media, url)));
  const play = () => {
    const onBroken = (reason: Broken) => setBroken({ ...reason, sources: sources.join(" ") });
    playAudio({ media, url, sources, onBroken });
  };
  const start = useEffectEvent(play);
  useEffect(() => {
    if (wanted) start();
  }, [wanted]);
  if (isBroken) {
    const retry = () => {
      setBroken(null);
      play();
      onRetry();
    };
    return <FailedTile media={media} url={url} failure={why} retry={retry} />;
  }
  if (move.failure) {
    return <FailedTile media={media} url={url} failure={move.failure} retry={() => fetchAgain(url)} />;
  }
  const seek = (seconds: number) => {
    if (element) return move.seek(seconds);
    play();
    seekTo(audioElement(), seconds);
  };
  const toggle = () => (state.playing ? audioElement().pause() : play());
  return <Player {...props} state={state} move={move} toggle={toggle} seek={seek} />;
}

type PlayerProps = ViewerProps & {
  state: ReturnType<typeof useMediaElement>;
  move: ReturnType<typeof useSeek>;
  toggle: () => void;
  seek: (seconds: number) => void;
};

function Player({ media, url, sender, state, move, toggle, seek }: PlayerProps) {
  const { playing, waiting, loaded, duration } = state;
  const { icon: Icon, label } = kindOf(media);
  const [slot, inView] = useInView();
  const waveform = useWaveform(media, inView);
  const lengthMs = media.durationMs ?? waveform?.durationMs ?? null;
  const length = duration ?? (lengthMs === null ? null : lengthMs / 1000);
  const time = move.waiting?.seconds ?? state.time;
  const begun = playing || time > 0;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a player is no form
    <div
      role="group"
      aria-label={texts.media.soundFrom(
        fileNameOf(media) ?? label,
        sender,
        length === null ? "" : formatLength(length),
      )}
      data-media={media.messageId}
      dir="ltr"
      className="max-w-full rounded-xl px-1.5 py-1"
      style={{ width: mediaBox(media).width }}
    >
      <div className="flex items-center gap-2.5">
        <PlayButton
          playing={playing}
          waiting={waiting || move.waiting !== null}
          onClick={toggle}
          className="size-11 bg-accent text-on-accent hover:bg-accent-strong"
        />
        <div className="min-w-0 flex-1 pt-1">
          {/* biome-ignore lint/a11y/noStaticElementInteractions: the key is that of the slider in it */}
          <div
            ref={slot}
            onKeyDown={(event) => {
              if (event.key !== " ") return;
              event.preventDefault();
              toggle();
            }}
            className="flex h-8 items-center"
          >
            {waveform ? (
              <Waveform bars={waveform.bars} time={time} loaded={loaded} duration={length} onSeek={seek} />
            ) : (
              <SeekBar time={time} loaded={loaded} duration={length} onSeek={seek} />
            )}
          </div>
          {/* Until the button beside it shows, a name has its place, too. */}
          <div
            className={clsx(
              "flex items-center gap-1.5 text-muted text-xs tabular-nums",
              !begun && "-me-12.5",
            )}
          >
            <Icon aria-hidden="true" className="size-3.5 shrink-0" />
            <span className="whitespace-nowrap">
              {begun ? formatDuration(time) : lengthOf(length, media.fileSize)}
            </span>
            {!media.voice && <bdi className="truncate">{fileNameOf(media)}</bdi>}
          </div>
        </div>
        {/* Of what has not begun there is nothing to speed up, and one stop less for Tab. */}
        <SpeedButton
          className={clsx(!begun && "invisible", "bg-accent/12 text-accent-strong hover:bg-accent/20")}
        />
        {!media.voice && <FileDownloadButton media={media} url={url} className="-ms-1.5" />}
      </div>
    </div>
  );
}

function lengthOf(seconds: number | null, bytes: number | null): string {
  if (seconds !== null) return formatLength(seconds);
  return bytes === null ? "" : formatBytes(bytes);
}
