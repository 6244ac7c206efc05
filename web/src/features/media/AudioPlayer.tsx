import { clsx } from "clsx";
import { useEffect, useEffectEvent, useState } from "react";
import { mediaBox } from "@/features/media/box";
import { PlayButton, SeekBar, SpeedButton } from "@/features/media/controls";
import { FailedTile } from "@/features/media/FailedTile";
import { FileDownloadButton } from "@/features/media/FileDownloadButton";
import { useWhy } from "@/features/media/failure";
import { kindOf } from "@/features/media/kind";
import { MakingTile } from "@/features/media/MakingTile";
import { audioElement, goOnWith, playAudio, usePlayback } from "@/features/media/playback";
import { useInView } from "@/features/media/useInView";
import { useRecordRefresh } from "@/features/media/useMedia";
import { type Broken, seekTo, useMediaElement } from "@/features/media/useMediaElement";
import { usePlayable } from "@/features/media/usePlayable";
import { useSeek } from "@/features/media/useSeek";
import { useWaveform } from "@/features/media/useWaveform";
import type { ViewerProps } from "@/features/media/viewerProps";
import { fetchAgain, hold } from "@/features/media/views";
import { Waveform } from "@/features/media/Waveform";
import { fileNameOf } from "@/features/message/fileName";
import { formatBytes, formatDuration, formatLength } from "@/lib/format";
import { texts } from "@/texts";

/** A voice note or a sound file, in the form in which it plays here. */
export function AudioPlayer(props: ViewerProps) {
  const { media, url } = props;
  const { playable, askAgain } = usePlayable(media, url);
  const refresh = useRecordRefresh(media);
  const askAll = () => {
    askAgain();
    refresh();
  };
  if (playable.kind === "making") return <MakingTile media={media} />;
  if (playable.kind === "refused") {
    return <FailedTile media={media} url={url} failure={playable.failure} retry={askAll} />;
  }
  return <PlayableAudio {...props} sources={playable.urls} onRetry={askAll} />;
}

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
          <div className="flex items-center gap-1.5 text-muted text-xs tabular-nums">
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
