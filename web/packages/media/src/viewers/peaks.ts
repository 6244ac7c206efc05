/** As many bars as fit into a voice note on a phone. */
export const BARS = 48;
/** More peaks than any server makes. */
const PEAKS_MAX = 4_096;
const LOUDEST = 255;

export type WaveformData = {
  /** Loudness over time, each from 0 to 1. */
  bars: number[];
  durationMs: number | null;
};

/** Bars to draw from what `variant=peaks` answers; null where that is not what we know. */
export function waveformOf(answer: unknown): WaveformData | null {
  if (typeof answer !== "object" || answer === null) return null;
  const { version, peaks, durationMs } = answer as Record<string, unknown>;
  if (version !== 1 || !Array.isArray(peaks) || peaks.length === 0 || peaks.length > PEAKS_MAX) return null;
  if (!peaks.every((peak) => typeof peak === "number" && peak >= 0 && peak <= LOUDEST)) return null;
  return { bars: resample(peaks), durationMs: typeof durationMs === "number" ? durationMs : null };
}

/** Each bar is as high as the loudest peak of its part. */
function resample(peaks: number[]): number[] {
  return Array.from({ length: BARS }, (_, bar) => {
    const from = Math.floor((bar * peaks.length) / BARS);
    const to = Math.max(from + 1, Math.floor(((bar + 1) * peaks.length) / BARS));
    return Math.max(...peaks.slice(from, to)) / LOUDEST;
  });
}
