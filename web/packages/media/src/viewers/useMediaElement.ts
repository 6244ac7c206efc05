import { useMemo, useSyncExternalStore } from "react";
import { asSentence } from "../lib/sentence";
import { texts } from "../texts";
import type { MediaFile } from "../types";

export type ElementState = {
  playing: boolean;
  waiting: boolean;
  /** There is something of it to be seen. */
  hasFrame: boolean;
  time: number;
  /** Seconds, up to where what plays has come without a gap. */
  loaded: number;
  /** Seconds, or null while not known. */
  duration: number | null;
  muted: boolean;
};

const IDLE: ElementState = {
  playing: false,
  waiting: false,
  hasFrame: false,
  time: 0,
  loaded: 0,
  duration: null,
  muted: false,
};

const EVENTS = [
  "play",
  "pause",
  "playing",
  "waiting",
  "ended",
  "error",
  "timeupdate",
  "progress",
  "seeked",
  "loadedmetadata",
  "loadeddata",
  "durationchange",
  "volumechange",
  "emptied",
] as const;

/** What a media element is doing, as state. Null is an element that belongs to something else. */
export function useMediaElement(element: HTMLMediaElement | null): ElementState {
  const store = useMemo(() => storeOf(element), [element]);
  return useSyncExternalStore(store.subscribe, store.state);
}

function storeOf(element: HTMLMediaElement | null) {
  let state = element === null ? IDLE : read(element);
  const subscribe = (changed: () => void) => {
    if (element === null) return () => {};
    const update = () => {
      state = read(element);
      changed();
    };
    update();
    for (const event of EVENTS) element.addEventListener(event, update);
    return () => {
      for (const event of EVENTS) element.removeEventListener(event, update);
    };
  };
  return { subscribe, state: () => state };
}

function read(element: HTMLMediaElement): ElementState {
  const playing = !element.paused && !element.ended;
  return {
    playing,
    waiting: playing && element.readyState < HTMLMediaElement.HAVE_FUTURE_DATA,
    hasFrame: element.readyState >= CURRENT_DATA,
    time: element.currentTime,
    loaded: loadedTo(element),
    duration: Number.isFinite(element.duration) ? element.duration : null,
    muted: element.muted,
  };
}

function loadedTo({ buffered, currentTime }: HTMLMediaElement): number {
  for (let at = 0; at < buffered.length; at++) {
    if (buffered.start(at) <= currentTime + NEAR && buffered.end(at) >= currentTime) return buffered.end(at);
  }
  return 0;
}

/** Seconds that make no difference to who watches. */
const NEAR = 0.25;

/**
 * Moves to a place. False: the element cannot go there, as its server gives out no parts of the file; asked all the same
 * it would start over.
 */
export function seekTo(element: HTMLMediaElement, seconds: number): boolean {
  const end = Number.isFinite(element.duration) ? element.duration : seconds;
  const place = Math.min(Math.max(0, seconds), end);
  const known = element.readyState > 0;
  if (known && !reaches(element.seekable, place)) return false;
  element.currentTime = place;
  return true;
}

function reaches(seekable: TimeRanges, place: number): boolean {
  for (let at = 0; at < seekable.length; at++) {
    if (seekable.start(at) <= place + NEAR && seekable.end(at) + NEAR >= place) return true;
  }
  return false;
}

/**
 * What went wrong as far as the element knows: the way here, or the file itself, of which its record may know what is wrong; then no
 * retry helps.
 */
export function brokenBy(element: Pick<HTMLMediaElement, "error">, media: BrokenFile): Broken {
  const { unplayable, variantsError } = media;
  if (element.error?.code === NETWORK) return { reason: texts.media.interrupted, final: false };
  if (unplayable !== null) return { reason: texts.media.unplayableFormat(unplayable), final: true };
  if (variantsError !== null) return { reason: asSentence(variantsError), final: true };
  return { reason: texts.media.unplayable, final: false };
}

type BrokenFile = Pick<MediaFile, "unplayable" | "variantsError">;
export type Broken = { reason: string; final: boolean };

/** `HTMLMediaElement.HAVE_CURRENT_DATA` */
const CURRENT_DATA = 2;
/** `MediaError.MEDIA_ERR_NETWORK` */
const NETWORK = 2;
