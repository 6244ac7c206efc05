import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import { galleryKeys } from "@/api/gallery";
import { keys, type ThreadData } from "@/api/queries";
import type { MediaFile, Message, Page } from "@/api/types";
import { patchMediaList, patchMessageMedia, patchThreadMedia } from "@/live/patch";

/** Puts a newer record of a file wherever the query cache has it. */
export function putFile(client: QueryClient, media: MediaFile): void {
  client.setQueryData<ThreadData>(
    keys.thread(media.conversationId),
    (thread) => thread && patchThreadMedia(thread, media),
  );
  client.setQueryData<Message>(
    keys.message(media.messageId),
    (message) => message && patchMessageMedia(message, media),
  );
  putBesideMessage(client, media);
}

/** Where a file stands beside its message. */
export function putBesideMessage(client: QueryClient, media: MediaFile): void {
  client.setQueryData(keys.mediaByMessage(media.messageId, media.part), media);
  for (const queryKey of [keys.conversationMedia(media.conversationId), galleryKeys.all]) {
    client.setQueriesData<InfiniteData<Page<MediaFile>>>(
      { queryKey },
      (list) => list && patchMediaList(list, media),
    );
  }
}
