import { said } from "../lib/said";
import { asSentence, withDates } from "../lib/sentence";
import { useAnswer } from "../lib/useAnswer";
import { askWhy } from "../server/bytes";
import { ApiError } from "../server/client";
import { texts } from "../texts";

/** Why a file that somebody wants to see does not show. */
export type Failure = {
  /** A sentence for a person; the server's own where it has one. */
  reason: string;
  code: string;
  /** Trying again cannot help. */
  final: boolean;
  /** Before this trying again cannot help either, as `Date.now()` counts. */
  retryAt: number | null;
  /** The file did come, and only this browser cannot show it. */
  came: boolean;
};

export function failureOf(error: unknown): Failure {
  if (!(error instanceof ApiError)) return ofBrowser(texts.error.unavailable);
  const { code, retryAfterSeconds } = error;
  return {
    reason: sentenceOf(code) ?? withDates(said(code, error.detail)),
    code,
    // No retry helps against a refused token before an admin has renewed it: the way on must be found here.
    final: !error.retryable && code !== "provider_unauthorized",
    retryAt: retryAfterSeconds === null ? null : Date.now() + retryAfterSeconds * 1000,
    came: false,
  };
}

/** What happens on the way or here, where the server has no say. */
function sentenceOf(code: string): string | undefined {
  const sentences: Partial<Record<string, string>> = {
    network: texts.error.network,
    unavailable: texts.error.unavailable,
    interrupted: texts.media.interrupted,
  };
  return sentences[code];
}

/** A failure of the element that should show the file. */
export function ofBrowser(reason: string, final = false): Failure {
  return { reason, code: "browser", final, retryAt: null, came: true };
}

/** The file is here, and nothing can be made of it that could be shown. */
export function refusedWith(reason: string): Failure {
  return ofBrowser(asSentence(reason), true);
}

/**
 * Elements do not say why they failed, so their URL is asked again. Null until it has answered; `fallback` is for when
 * the server finds nothing wrong, and `final` where trying again cannot change that. It asks once for each failure, never by itself
 * again.
 */
export function useWhy(url: string, failed: boolean, fallback: string, final = false): Failure | null {
  return useAnswer(failed ? `${url} ${fallback} ${final}` : null, async (signal) => {
    const error = await askWhy(url, signal);
    return error ? failureOf(error) : ofBrowser(fallback, final);
  });
}
