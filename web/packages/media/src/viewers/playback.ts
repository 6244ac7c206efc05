import { create } from "zustand";
import { recall, remember } from "../lib/storage";
import type { MediaFile } from "../types";
import { type Broken, brokenBy } from "./useMediaElement";

/** Sound of the whole inbox: one audio element, one thing playing at a time, one remembered speed. */

const RATES = [1, 1.5, 2] as const;
type Rate = (typeof RATES)[number];
const RATE_KEY = "mediary.rate";
const POSITIONS_KEY = "mediary.positions";
const POSITIONS_MAX = 200;

type PlaybackState = {
  /** The audio file that the element holds, and the view of it. */
  mediaId: number | null;
  url: string | null;
  /** Its record. */
  media: MediaFile | null;
  rate: Rate;
  nextRate: () => void;
};

export const usePlayback = create<PlaybackState>((set, get) => ({
  mediaId: null,
  url: null,
  media: null,
  rate: RATES.find((rate) => String(rate) === recall(RATE_KEY)) ?? 1,
  nextRate: () => {
    const at = RATES.indexOf(get().rate);
    const rate = RATES[(at + 1) % RATES.length] ?? 1;
    remember(RATE_KEY, String(rate));
    set({ rate });
    if (active) active.playbackRate = rate;
  },
}));

/** What the audio element is to play, and what came of it. */
type Task = {
  media: MediaFile;
  /** The best first. */
  sources: string[];
  failed: Set<string>;
  source: string;
  /** None of them plays. */
  onBroken: (why: Broken) => void;
};

let audio: HTMLAudioElement | null = null;
let task: Task | null = null;
let active: HTMLMediaElement | null = null;
/** Where each file was left, so that playing resumes there, also after the page was loaded again. */
const positions = new Map<number, number>(readPositions());

export function audioElement(): HTMLAudioElement {
  if (audio === null) {
    audio = new Audio();
    audio.addEventListener("error", () => task && playNextSource(task));
    audio.addEventListener("ended", () => task && onEnded(task.media));
    window.addEventListener("pagehide", keepPosition);
  }
  return audio;
}

let onEnded: (media: MediaFile) => void = () => {};

/** Who knows what comes after a recording is told when one has ended. */
export function whenAudioEnds(handler: (media: MediaFile) => void): void {
  onEnded = handler;
}

/** Makes this element the one that plays; whatever played before pauses. */
export function claimPlayback(element: HTMLMediaElement): void {
  if (active !== element) active?.pause();
  active = element;
  element.playbackRate = usePlayback.getState().rate;
}

type Request = Pick<Task, "media" | "sources" | "onBroken"> & {
  /** Names the view of the file. */
  url: string;
};

export function playAudio({ media, url, sources, onBroken }: Request): void {
  const element = audioElement();
  const last = usePlayback.getState();
  const other = last.mediaId !== media.id;
  // What a record learns while it plays, another source for example, is no reason to start over.
  if (task === null || other || last.url !== url || element.error !== null) {
    keepPosition();
    const source = sources[0] ?? url;
    task = { media, sources, failed: new Set(), source, onBroken };
    put(source);
    element.currentTime = other ? (positions.get(media.id) ?? 0) : 0;
    usePlayback.setState({ mediaId: media.id, url, media });
  } else {
    Object.assign(task, { media, sources, onBroken });
  }
  play(element);
}

function playNextSource(failed: Task): void {
  const element = audioElement();
  failed.failed.add(failed.source);
  const next = failed.sources.find((source) => !failed.failed.has(source));
  if (next === undefined) {
    failed.onBroken(brokenBy(element, failed.media));
    return;
  }
  failed.source = next;
  put(next);
  play(element);
}

/** Continues what plays from another source; `release` is called when nobody listens to that any more. */
export function goOnWith(source: string, seconds: number, release: () => void): void {
  const element = audioElement();
  // It is the file itself: there is nothing beyond it.
  if (task) Object.assign(task, { source, sources: [source] });
  put(source);
  releaseSource = release;
  element.currentTime = seconds;
  play(element);
}

let releaseSource = () => {};

function put(source: string): void {
  const release = releaseSource;
  releaseSource = () => {};
  audioElement().src = source;
  release();
}

function play(element: HTMLMediaElement): void {
  claimPlayback(element);
  // The element's own error event tells a failure; a pause before it started is none.
  element.play().catch(() => {});
}

/** The space bar: pauses or resumes whatever was last played. False if there is nothing. */
export function toggleAudio(): boolean {
  if (active === null) return false;
  if (active.paused) void active.play().catch(() => {});
  else active.pause();
  return true;
}

export function stopAudio(): void {
  active?.pause();
  active = null;
  keepPosition();
  task = null;
  usePlayback.setState({ mediaId: null, url: null, media: null });
  if (audio === null) return;
  unload(audio);
  releaseSource();
  releaseSource = () => {};
}

/** Ends what an element is still fetching: pausing it, or leaving it, does not. */
export function unload(element: HTMLMediaElement): void {
  element.removeAttribute("src");
  element.load();
}

function keepPosition(): void {
  const { mediaId } = usePlayback.getState();
  if (mediaId === null || audio === null) return;
  positions.delete(mediaId);
  if (!audio.ended && audio.currentTime > 0) positions.set(mediaId, audio.currentTime);
  const oldest = positions.keys().next().value;
  if (positions.size > POSITIONS_MAX && oldest !== undefined) positions.delete(oldest);
  remember(POSITIONS_KEY, JSON.stringify([...positions]));
}

/** Who logs in next has not heard anything. */
export function forgetPositions(): void {
  positions.clear();
  remember(POSITIONS_KEY, null);
}

function readPositions(): [number, number][] {
  try {
    const kept: unknown = JSON.parse(recall(POSITIONS_KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isPosition).slice(-POSITIONS_MAX) : [];
  } catch {
    return [];
  }
}

function isPosition(entry: unknown): entry is [number, number] {
  return Array.isArray(entry) && entry.length === 2 && entry.every(Number.isFinite);
}
