import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { RETRY_AFTER_MS } from "@/api/bytes";
import { ApiError, api } from "@/api/client";
import { keys } from "@/api/queries";
import type { MediaFile } from "@/api/types";
import { refusalOf } from "@/features/media/making";
import { type WaveformData, waveformOf } from "@/features/media/peaks";
import { variantUrl } from "@/features/media/variants";

/** How long the bars of a recording that is not on screen any more are kept. Bounds how many are. */
const KEPT_MS = 60_000;

/**
 * The waveform of a stored recording, asked for once somebody sees it; null until it is there, and where there is none. What is
 * just being made, or fails on the way, is asked for once more, and after that only when the file's record has changed.
 */
export function useWaveform(media: MediaFile, inView: boolean): WaveformData | null {
  const url = variantUrl(media, "peaks");
  const { data } = useQuery({
    queryKey: keys.waveform(media.id, media.updatedAt, media.variants.length),
    queryFn: async ({ signal }) => {
      const waveform = waveformOf(await api.get<unknown>(url, { signal }));
      // Accepted, but not made yet: the answer has nothing to draw.
      if (waveform === null) throw new Error("the peaks are not there");
      return waveform;
    },
    enabled: inView && media.downloadStatus === "completed" && refusalOf(media, url) === null,
    retry: (failures, error) => failures < 1 && !(error instanceof ApiError && !error.retryable),
    retryDelay: RETRY_AFTER_MS,
    retryOnMount: false,
    gcTime: KEPT_MS,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
  });
  return data ?? null;
}
