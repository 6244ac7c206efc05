import { asSentence } from "@mediary/media/lib/sentence";
import { reasonOf } from "@mediary/media/ui/states";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { retryDownload, settingsKeys } from "@/api/settings";
import type { MediaFile } from "@/api/types";
import { settings as words } from "@/texts/settings";

const { failures: say } = words;
/** Requests at once; the server does the downloads in its own order anyway. */
const PARALLEL = 4;

type Outcome = { queued: number; refused: Error[] };

/** Queues failed downloads again, each by itself, and says what became of them. */
export function useRetry() {
  const client = useQueryClient();
  const [pending, setPending] = useState<ReadonlySet<number>>(new Set());
  const [problem, setProblem] = useState<string | null>(null);
  const retry = async (files: readonly MediaFile[]) => {
    setProblem(null);
    setPending(new Set(files.map(({ id }) => id)));
    const { queued, refused } = await queue(files.map(({ id }) => id));
    if (queued > 0) toast.success(say.queued(queued));
    const [first] = refused;
    if (first) setProblem(say.notQueued(refused.length, asSentence(reasonOf(first))));
    await client.invalidateQueries({ queryKey: settingsKeys.failures });
    setPending(new Set());
  };
  return { retry: (files: readonly MediaFile[]) => void retry(files), pending, problem };
}

async function queue(ids: readonly number[]): Promise<Outcome> {
  const waiting = [...ids];
  const outcome: Outcome = { queued: 0, refused: [] };
  const work = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      try {
        await retryDownload(id);
        outcome.queued += 1;
      } catch (error) {
        outcome.refused.push(error instanceof Error ? error : new Error(String(error)));
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return outcome;
}
