import { said } from "@mediary/media/lib/said";
import { ApiError } from "@mediary/media/server/client";
import { provideServices, useReach } from "@mediary/media/server/services";
import { provideTexts } from "@mediary/media/texts";
import type { QueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { keys } from "@/api/queries";
import { mayAct } from "@/api/roles";
import type { MediaFile } from "@/api/types";
import { watchDownload } from "@/features/media/watched";
import { useConnection } from "@/live/connection";
import { putFile } from "@/live/files";
import { texts } from "@/texts";
import { locale } from "@/texts/language";

type Inbox = { client: QueryClient; openLarge: (media: MediaFile) => void };

/** Gives the viewers of `@mediary/media` the words of the inbox, and what it does for them. */
export function provideMedia({ client, openLarge }: Inbox): void {
  provideTexts(texts, locale);
  provideServices({
    mayAct: () => mayAct(client),
    openLarge,
    onRecord: (media) => putFile(client, media),
    onDownload: (media, error) => tellDownload(client, media, error),
  });
  useConnection.subscribe(({ open, since }) => useReach.setState({ since: open ? since : 0 }));
}

function tellDownload(client: QueryClient, media: MediaFile, error: Error | null): void {
  const id = `media-${media.id}`;
  if (error === null) {
    watchDownload(media.id);
    toast.loading(texts.toast.downloading, { id });
  } else if (error instanceof ApiError && error.code === "conflict") {
    // Somebody else was faster: what is there is what we wanted.
    void client.invalidateQueries({ queryKey: keys.thread(media.conversationId) });
  } else {
    const reason = said(error instanceof ApiError ? error.code : undefined, error.message);
    toast.error(texts.toast.downloadFailed(reason), { id });
  }
}
