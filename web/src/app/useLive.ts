import { endSession } from "@mediary/media/server/client";
import type { QueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { meQuery } from "@/api/queries";
import { tellArrival, tellChange } from "@/app/arrivals";
import { reportDownload } from "@/features/media/watched";
import { report } from "@/features/sending/sending";
import { connect } from "@/live/connection";
import { Sync } from "@/live/sync";

/** Keeps the cache live while mounted, and says what arrives. */
export function useLive(client: QueryClient): void {
  useEffect(() => {
    const sync = new Sync(client, {
      message: (message, { created, before }) => {
        if (message.direction === "outbound") report(message);
        else if (created && before === undefined) tellArrival(message);
        if (before) tellChange(message, before);
      },
      elsewhere: (message, count) => message.direction === "inbound" && tellArrival(message, count),
      media: reportDownload,
    });
    const disconnect = connect({
      event: (name, event) => sync.handle(name, event),
      resumed: () => sync.retryFailed(),
      resync: () => sync.resync(),
      refused: () => void endIfLoggedOut(client),
    });
    return () => {
      disconnect();
      sync.stop();
    };
  }, [client]);
}

/** A refused stream may mean that the session is over; if the server is merely away, the stream is tried again. */
async function endIfLoggedOut(client: QueryClient): Promise<void> {
  try {
    if ((await client.fetchQuery({ ...meQuery, staleTime: 0 })) === null) endSession();
  } catch {
    // Away.
  }
}
