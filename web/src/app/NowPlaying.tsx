import { formatDuration } from "@mediary/media/lib/format";
import { IconButton } from "@mediary/media/ui/button";
import { PlayButton } from "@mediary/media/viewers/controls";
import { kindOf } from "@mediary/media/viewers/kind";
import { audioElement, stopAudio, toggleAudio, usePlayback } from "@mediary/media/viewers/playback";
import { useMediaElement } from "@mediary/media/viewers/useMediaElement";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import { messageQuery } from "@/api/queries";
import type { MediaFile } from "@/api/types";
import { senderOf } from "@/features/message/people";
import { texts } from "@/texts";

/** What plays on while another conversation is open: what it is, and the ways to stop it and to go back. */
export function NowPlaying({ conversationId }: { conversationId: number | undefined }) {
  const media = usePlayback((state) => state.media);
  if (media === null || media.conversationId === conversationId) return null;
  return <Bar media={media} />;
}

function Bar({ media }: { media: MediaFile }) {
  const client = useQueryClient();
  const { data: message } = useQuery(messageQuery(media.messageId, client));
  const { playing, waiting, time } = useMediaElement(audioElement());
  const { label } = kindOf(media);
  const name = message ? texts.media.soundFrom(label, senderOf(message, undefined), "") : label;
  return (
    <section
      aria-label={texts.player.nowPlaying}
      className="flex shrink-0 items-center gap-2 border-line border-b bg-selected px-3 py-1"
    >
      <PlayButton
        playing={playing}
        waiting={waiting}
        onClick={toggleAudio}
        className="size-9 bg-accent text-on-accent"
      />
      <Link
        to="/c/$conversationId"
        params={{ conversationId: media.conversationId }}
        search={{ m: media.messageId }}
        className="min-w-0 truncate font-medium hover:underline"
      >
        <bdi>{name}</bdi>
      </Link>
      <span className="text-muted text-xs tabular-nums">{formatDuration(time)}</span>
      <IconButton label={texts.player.stop} onClick={stopAudio} className="ms-auto">
        <X className="size-4.5" />
      </IconButton>
    </section>
  );
}
