import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "@/api/client";
import type { MediaFile, MediaStatus } from "@/api/types";
import { reasonOf } from "@/components/ui/states";

/** Follows an element that loads a file by itself. `attempt`, as its key, makes it start over. */
export function useLoad() {
  const [phase, setPhase] = useState<"loading" | "loaded" | "failed">("loading");
  const [attempt, setAttempt] = useState(0);
  return {
    phase,
    attempt,
    onLoad: () => setPhase("loaded"),
    onError: () => setPhase("failed"),
    retry: () => {
      setPhase("loading");
      setAttempt((count) => count + 1);
    },
  };
}

/** Elements do not say why they failed, so the server is asked. `fallback` is for when it knows of no failure. */
export function useFailureReason(media: MediaFile, failed: boolean, fallback: string): string {
  const { data, error } = useQuery({
    queryKey: ["media-status", media.id],
    queryFn: ({ signal }) => api.get<MediaStatus>(`/api/media/${media.id}/status`, { signal }),
    enabled: failed,
    staleTime: 0,
    gcTime: 0,
  });
  if (error) return reasonOf(error);
  return data ? (data.error?.message ?? fallback) : "";
}
