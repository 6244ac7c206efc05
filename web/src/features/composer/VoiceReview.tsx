import { formatDuration, formatLength } from "@mediary/media/lib/format";
import { IconButton } from "@mediary/media/ui/button";
import { PlayButton, SeekBar } from "@mediary/media/viewers/controls";
import { claimPlayback } from "@mediary/media/viewers/playback";
import { useMediaElement } from "@mediary/media/viewers/useMediaElement";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import type { VoiceNote } from "@/features/composer/draft";
import { focusLeft } from "@/features/composer/focus";
import { SendButton } from "@/features/composer/MessageField";
import { texts } from "@/texts";

type VoiceReviewProps = { voice: VoiceNote; onDrop: () => void; onSend: (voice: VoiceNote) => void };

/** A recording that is listened to before it is sent. */
export function VoiceReview({ voice, onDrop, onSend }: VoiceReviewProps) {
  const [audio, setAudio] = useState<HTMLAudioElement | null>(null);
  const { playing, time, loaded } = useMediaElement(audio);
  const length = voice.durationMs / 1000;
  const toggle = () => {
    if (!audio) return;
    if (playing) return audio.pause();
    claimPlayback(audio);
    void audio.play().catch(() => {});
  };
  const leave = (act: () => void) => {
    audio?.pause();
    act();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a player is no form
    <div
      ref={focusLeft}
      role="group"
      aria-label={texts.voice.review}
      className="flex h-10 items-center gap-2 pointer-coarse:h-11"
    >
      <IconButton
        label={texts.voice.cancel}
        onClick={() =>
          leave(() => {
            onDrop();
            URL.revokeObjectURL(voice.url);
          })
        }
        className="size-10"
      >
        <Trash2 className="size-5" />
      </IconButton>
      <div dir="ltr" className="flex min-w-0 flex-1 items-center gap-2 rounded-xl bg-sunken ps-1.5 pe-3.5">
        <PlayButton
          playing={playing}
          waiting={false}
          onClick={toggle}
          className="size-9 bg-accent text-on-accent"
        />
        <SeekBar
          time={time}
          loaded={loaded}
          duration={length}
          onSeek={(seconds) => {
            if (audio) audio.currentTime = seconds;
          }}
          className="min-w-0 flex-1"
        />
        <span className="shrink-0 text-muted text-xs tabular-nums">
          {playing || time > 0 ? formatDuration(time) : formatLength(length)}
        </span>
      </div>
      <SendButton autoFocus onClick={() => leave(() => onSend(voice))} />
      <audio ref={setAudio} src={voice.url} preload="auto" hidden />
    </div>
  );
}
