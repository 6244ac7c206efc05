import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { useShallow } from "zustand/react/shallow";
import { ApiError, api } from "@/api/client";
import { conversationMediaQuery, keys, type MediaFilter, mediaByMessageQuery } from "@/api/queries";
import type { MediaFile } from "@/api/types";
import { watchDownload } from "@/features/media/watched";
import { said } from "@/lib/said";
import { putFile } from "@/live/files";
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
      putFile(client, updated);
      watchDownload(updated.id);
      toast.loading(texts.toast.downloading, { id: `media-${media.id}` });
    },
    onError: (error) => {
      // Somebody else was faster: what is there is what we wanted.
      if (error instanceof ApiError && error.code === "conflict") {
        void client.invalidateQueries({ queryKey: keys.thread(media.conversationId) });
        return;
      }
      const reason = said(error instanceof ApiError ? error.code : undefined, error.message);
      toast.error(texts.toast.downloadFailed(reason), {
        id: `media-${media.id}`,
      });
    },
  });
  return { progress, start: () => start.mutate(), starting: start.isPending };
}

/** Asks for the record of a stored file again: it may list what was made of it since. */
export function useRecordRefresh(media: MediaFile): () => void {
  const client = useQueryClient();
  return () => {
    if (media.downloadStatus !== "completed") return;
    // Where it cannot be had, what is shown says that already.
    api.get<MediaFile>(`/api/media/${media.id}`).then(
      (updated) => putFile(client, updated),
      () => {},
    );
  };
}
