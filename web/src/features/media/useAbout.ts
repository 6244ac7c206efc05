import type { About } from "@mediary/media/viewers/neighbours";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { messageQuery } from "@/api/queries";
import { senderOf } from "@/features/message/people";

/** What the large view says of the message of a file; null until it is known. */
export function useAbout(messageId: number): About | null {
  const client = useQueryClient();
  const { data: message } = useQuery(messageQuery(messageId, client));
  if (message === undefined) return null;
  const { timestamp, caption } = message;
  return { sender: senderOf(message, undefined), timestamp, caption };
}
