import { playAudio, whenAudioEnds } from "@mediary/media/viewers/playback";
import { mediaState } from "@mediary/media/viewers/state";
import { playableUrl } from "@mediary/media/viewers/variants";
import type { QueryClient } from "@tanstack/react-query";
import { keys, type ThreadData } from "@/api/queries";
import type { MediaFile, Message } from "@/api/types";
import { messagesInOrder } from "@/live/patch";

/** After a voice note the next one plays, as long as they follow each other in the thread. */
export function startPlayingOn(client: QueryClient): void {
  whenAudioEnds((ended) => {
    if (!ended.voice) return;
    const thread = client.getQueryData<ThreadData>(keys.thread(ended.conversationId));
    const next = thread && nextVoice(messagesInOrder(thread), ended);
    if (next) playAudio({ media: next, url: next.url, sources: sourcesOf(next), onBroken: () => {} });
  });
}

/** Only what is stored: nothing is fetched from WhatsApp that nobody asked to hear. */
export function nextVoice(messages: Message[], { messageId }: MediaFile): MediaFile | null {
  const at = messages.findIndex(({ id }) => id === messageId);
  const next = at === -1 ? undefined : messages[at + 1];
  if (!next?.media?.voice || next.revoked) return null;
  return mediaState(next.media).kind === "ready" ? next.media : null;
}

function sourcesOf(media: MediaFile): string[] {
  const playable = playableUrl(media);
  return playable === null ? [media.url] : [playable, media.url];
}
