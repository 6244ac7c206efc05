import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { useShallow } from "zustand/react/shallow";
import { ApiError, api } from "@/api/client";
import {
  conversationMediaQuery,
  keys,
  type MediaFilter,
  mediaByMessageQuery,
  type ThreadData,
} from "@/api/queries";
import type { MediaFile } from "@/api/types";
import { watchDownload } from "@/features/media/watched";
import { patchThreadMedia } from "@/live/patch";
import { useProgress } from "@/live/progress";
import { texts } from "@/texts";

/** One file of a message: from the thread where it is loaded, else asked for. */
export function useMediaByMessage(messageId: number, part: number) {
  const client = useQueryClient();
  return useQuery(mediaByMessageQuery(messageId, part, client));
}

/** Everything in a conversation, newest first. */
export function useMediaByConversation(conversationId: number, filter: MediaFilter = {}) {
  return useInfiniteQuery(conversationMediaQuery(conversationId, filter));
}

/** The bytes of a running download, and the way to start one by hand. */
export function useMediaDownload(media: MediaFile) {
  const client = useQueryClient();
  const progress = useProgress(useShallow((state) => state.byMedia[media.id] ?? null));
  const start = useMutation({
    mutationFn: () => api.post<MediaFile>(`/api/media/${media.id}/download`),
    onSuccess: (updated) => {
      patchEverywhere(client, updated);
      watchDownload(updated.id);
      toast.loading(texts.toast.downloading, { id: `media-${media.id}` });
    },
    onError: (error) => {
      // Somebody else was faster: what is there is what we wanted.
      if (error instanceof ApiError && error.code === "conflict") {
        void client.invalidateQueries({ queryKey: keys.thread(media.conversationId) });
        return;
      }
      toast.error(texts.toast.downloadFailed(error.message), { id: `media-${media.id}` });
    },
  });
  return { progress, start: () => start.mutate(), starting: start.isPending };
}

function patchEverywhere(client: ReturnType<typeof useQueryClient>, media: MediaFile): void {
  client.setQueryData(keys.mediaByMessage(media.messageId, media.part), media);
  client.setQueryData<ThreadData>(
    keys.thread(media.conversationId),
    (thread) => thread && patchThreadMedia(thread, media),
  );
}
