import { useEffect, useState } from "react";

export type ElementState = {
  playing: boolean;
  waiting: boolean;
  failed: boolean;
  time: number;
  /** Seconds, or null while not known. */
  duration: number | null;
  muted: boolean;
};

const IDLE: ElementState = {
  playing: false,
  waiting: false,
  failed: false,
  time: 0,
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
  "seeked",
  "loadedmetadata",
  "durationchange",
  "volumechange",
  "emptied",
] as const;

/** What a media element is doing, as state. Null is an element that belongs to something else. */
export function useMediaElement(element: HTMLMediaElement | null): ElementState {
  const [state, setState] = useState(IDLE);
  useEffect(() => {
    if (element === null) return setState(IDLE);
    const update = () => setState(read(element));
    update();
    for (const event of EVENTS) element.addEventListener(event, update);
    return () => {
      for (const event of EVENTS) element.removeEventListener(event, update);
    };
  }, [element]);
  return state;
}

function read(element: HTMLMediaElement): ElementState {
  const playing = !element.paused && !element.ended;
  return {
    playing,
    waiting: playing && element.readyState < HTMLMediaElement.HAVE_FUTURE_DATA,
    failed: element.error !== null,
    time: element.currentTime,
    duration: Number.isFinite(element.duration) ? element.duration : null,
    muted: element.muted,
  };
}

export function seekTo(element: HTMLMediaElement, seconds: number): void {
  const end = Number.isFinite(element.duration) ? element.duration : seconds;
  element.currentTime = Math.min(Math.max(0, seconds), end);
}
