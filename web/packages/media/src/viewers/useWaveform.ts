import { pause } from "../lib/pause";
import { useAnswer } from "../lib/useAnswer";
import { RETRY_AFTER_MS } from "../server/bytes";
import { ApiError, api } from "../server/client";
import type { MediaFile } from "../types";
import { refusalBy, refusalOf } from "./making";
import { type WaveformData, waveformOf } from "./peaks";
import { variantUrl } from "./variants";

/** Recordings whose bars are kept: some 400 bytes each. */
const KEPT_MAX = 300;
const kept = new Map<string, WaveformData>();

/**
 * The waveform of a stored recording, asked for once somebody sees it; null until it is there, and where there is none. What is
 * just being made, or fails on the way, is asked for again once, and after that only when the file's record has changed.
 */
export function useWaveform(media: MediaFile, inView: boolean): WaveformData | null {
  const url = variantUrl(media, "peaks");
  const version = `${media.id} ${media.updatedAt} ${media.variants.length}`;
  const wanted = inView && media.downloadStatus === "completed" && refusalOf(media, url) === null;
  return useAnswer(wanted ? url : null, (signal) => waveformAt(media, url, version, signal), version);
}

async function waveformAt(media: MediaFile, url: string, version: string, signal: AbortSignal) {
  const known = kept.get(version);
  if (known) return known;
  try {
    const waveform = await ask(url, signal);
    if (waveform !== null) return keep(version, waveform);
  } catch (error) {
    if (!(error instanceof ApiError && error.retryable)) {
      refusalBy(error, media, url);
      return null;
    }
  }
  await pause(RETRY_AFTER_MS, signal);
  const waveform = await ask(url, signal).catch(() => null);
  return waveform && keep(version, waveform);
}

/** Accepted, but not made yet: then the answer has nothing to draw. */
async function ask(url: string, signal: AbortSignal): Promise<WaveformData | null> {
  return waveformOf(await api.get<unknown>(url, { signal }));
}

function keep(version: string, waveform: WaveformData): WaveformData {
  kept.set(version, waveform);
  const [oldest] = kept.keys();
  if (kept.size > KEPT_MAX && oldest !== undefined) kept.delete(oldest);
  return waveform;
}
