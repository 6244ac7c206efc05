import { pause } from "../lib/pause";
import { useAnswer } from "../lib/useAnswer";
import { askFor, RETRY_AFTER_MS } from "../server/bytes";
import { ApiError } from "../server/client";
import type { MediaFile } from "../types";
import { type Failure, failureOf, refusedWith } from "./failure";

/** What is made of a file while somebody waits for it: until it is there, or until it is known that it cannot be made. */

/** By how much longer than the server asks for one waits at most: what takes minutes need not be asked for every second. */
const PATIENCE_MAX = 8;

/** Asks for it until it is there. What fails on the way is tried once more; the error says why nothing will come. */
export async function untilMade(url: string, signal: AbortSignal): Promise<void> {
  let failures = 0;
  for (let patience = 1; ; patience = Math.min(2 * patience, PATIENCE_MAX)) {
    let wait: number;
    try {
      wait = patience * (await askFor(url, signal));
      if (wait === 0) return;
    } catch (error) {
      failures += 1;
      if (!(error instanceof ApiError) || !error.retryable || failures > 1) throw error;
      wait = error.retryAfterSeconds === null ? RETRY_AFTER_MS : error.retryAfterSeconds * 1000;
    }
    await pause(wait, signal);
  }
}

/**
 * What cannot be made, by the record by which it was asked for: whatever shows the same record does not ask again, and a newer record is
 * a new question.
 */
const refusals = new WeakMap<MediaFile, Map<string, Failure>>();

/** Why nothing is to be had under this URL, as far as it is known without asking. */
export function refusalOf(media: MediaFile, url: string | null): Failure | null {
  const listed = media.variants.some((variant) => variant.url === url);
  if (media.variantsError !== null && !listed) return refusedWith(media.variantsError);
  return url === null ? null : (refusals.get(media)?.get(url) ?? null);
}

/** What the error of `untilMade` means for this record. */
export function refusalBy(error: unknown, media: MediaFile, url: string): Failure {
  const failure = failureOf(error);
  if (!failure.final) return failure;
  const refusal = refusedWith(failure.reason);
  const known = refusals.get(media) ?? new Map<string, Failure>();
  refusals.set(media, known.set(url, refusal));
  return refusal;
}

/** Waits for what is being made under an address; a further round is another question. Null until that has an answer. */
export function useMade(url: string | null, media: MediaFile, round: number): "made" | Failure | null {
  const ask = async (signal: AbortSignal) => {
    if (url === null) return null;
    try {
      await untilMade(url, signal);
      return "made";
    } catch (error) {
      signal.throwIfAborted();
      return refusalBy(error, media, url);
    }
  };
  return useAnswer(url === null ? null : `${url} ${round}`, ask, media);
}
