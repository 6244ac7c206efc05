import { useState } from "react";
import { useShallow } from "zustand/react/shallow";
import { ApiError, api } from "../server/client";
import { useProgress } from "../server/progress";
import { services } from "../server/services";
import type { MediaFile } from "../types";

/** The bytes of a running download, and the way to start one by hand. */
export function useMediaDownload(media: MediaFile) {
  const progress = useProgress(useShallow((state) => state.byMedia[media.id] ?? null));
  const [starting, setStarting] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const start = async () => {
    setStarting(true);
    setError(null);
    try {
      const updated = await api.post<MediaFile>(`/api/media/${media.id}/download`);
      services.onRecord(updated);
      services.onDownload?.(updated, null);
    } catch (error) {
      if (services.onDownload) services.onDownload(media, error as Error);
      // Somebody else was faster: what is there is what we wanted.
      else if (error instanceof ApiError && error.code === "conflict")
        await readRecord(media).catch(() => {});
      else setError(error as Error);
    } finally {
      setStarting(false);
    }
  };
  return { progress, start: () => void start(), starting, error };
}

/** Asks for the record of a stored file again: it may list what was made of it since. */
export function refreshRecord(media: MediaFile): void {
  if (media.downloadStatus !== "completed") return;
  // Where it cannot be had, what is shown says that already.
  readRecord(media).catch(() => {});
}

async function readRecord({ id }: MediaFile): Promise<void> {
  services.onRecord(await api.get<MediaFile>(`/api/media/${id}`));
}
