import { useAnswer } from "../lib/useAnswer";
import { api } from "../server/client";
import type { MediaFile } from "../types";
import type { About } from "./neighbours";

type Words = {
  direction: string;
  senderName: string | null;
  senderPhone: string | null;
  timestamp: string;
  caption: string | null;
};

/** Who sent a file, and what they wrote with it; null until it is known, and where it cannot be. */
export function useAbout(media: MediaFile | null): About | null {
  const name = media === null ? null : `message ${media.messageId}`;
  return useAnswer(name, async (signal) => {
    const words = await api.get<Words>(`/api/messages/${media?.messageId}`, { signal }).catch(() => null);
    if (words === null) return null;
    const { direction, senderName, senderPhone, timestamp, caption } = words;
    // Of what was sent from here nobody has to say who sent it.
    const sender = direction === "outbound" ? "" : (senderName ?? senderPhone ?? "");
    return { sender, timestamp, caption };
  });
}
