import { mediaBox } from "@/features/media/box";
import { PlayButton, SeekBar, SpeedButton } from "@/features/media/controls";
import { FileDownloadButton } from "@/features/media/FileDownloadButton";
import { kindOf } from "@/features/media/kind";
import type { ViewerProps } from "@/features/media/MediaViewer";
import { audioElement, playAudio, usePlayback } from "@/features/media/playback";
import { playableUrl } from "@/features/media/state";
import { useFailureReason } from "@/features/media/useLoad";
import { seekTo, useMediaElement } from "@/features/media/useMediaElement";
import { formatBytes, formatDuration } from "@/lib/format";
import { texts } from "@/texts";

/** A voice note or a sound file. Nothing is loaded before it is played; the one audio element serves them all. */
export function AudioPlayer({ media, url }: ViewerProps) {
  const mine = usePlayback((state) => state.mediaId === media.id);
  const { playing, waiting, failed, time, duration } = useMediaElement(mine ? audioElement() : null);
  const source = playableUrl(media, url, (type) => audioElement().canPlayType(type) !== "");
  const length = duration ?? (media.durationMs === null ? null : media.durationMs / 1000);
  const { icon: Icon, label } = kindOf(media);
  const reason = useFailureReason(media, failed, texts.media.unplayable);
  const toggle = () => (playing ? audioElement().pause() : playAudio(media.id, source));
  const seek = (seconds: number) => {
    if (!mine) playAudio(media.id, source);
    seekTo(audioElement(), seconds);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a player is no form
    <div
      role="group"
      aria-label={media.fileName ?? label}
      dir="ltr"
      className="max-w-full rounded-xl px-1.5 py-1"
      style={{ width: mediaBox(media).width }}
    >
      <div className="flex items-center gap-2.5">
        <PlayButton
          playing={playing}
          waiting={waiting}
          onClick={toggle}
          className="size-11 bg-accent text-on-accent hover:bg-accent-strong"
        />
        <div className="min-w-0 flex-1 pt-2">
          <SeekBar time={time} duration={length} onSeek={seek} className="block" />
          <div className="-mt-0.5 flex items-center gap-1.5 text-muted text-xs tabular-nums">
            <Icon aria-hidden="true" className="size-3.5 shrink-0" />
            <span className="whitespace-nowrap">
              {mine && (playing || time > 0) ? formatDuration(time) : lengthOf(length, media.fileSize)}
            </span>
            {!media.voice && <bdi className="truncate">{media.fileName}</bdi>}
          </div>
        </div>
        <SpeedButton className="bg-accent/12 text-accent-strong hover:bg-accent/20" />
        {!media.voice && <FileDownloadButton media={media} url={url} className="-ms-1.5" />}
      </div>
      {failed && (
        <p role="alert" className="flex items-center gap-1 ps-1 text-danger text-xs">
          {reason}
          <FileDownloadButton media={media} url={url} />
        </p>
      )}
    </div>
  );
}

function lengthOf(seconds: number | null, bytes: number | null): string {
  if (seconds !== null) return formatDuration(seconds);
  return bytes === null ? "" : formatBytes(bytes);
}
