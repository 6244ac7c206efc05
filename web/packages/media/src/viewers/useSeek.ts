import { useEffect, useEffectEvent, useState } from "react";
import { useAddress } from "../server/address";
import type { Progress } from "../server/bytes";
import type { MediaFile } from "../types";
import type { Failure } from "./failure";
import { seekTo } from "./useMediaElement";
import { useViewState, type ViewState } from "./views";

type Seek = {
  seek: (seconds: number) => void;
  /** The place that is waited for, while the file is fetched whole. */
  waiting: ({ seconds: number } & Progress) | null;
  failure: Failure | null;
};

/**
 * Moves through what plays. A file that comes straight from WhatsApp may come in one piece only, from its beginning; then
 * the first move fetches it whole, and `goOn` is told where it is and from which second to play.
 */
export function useSeek(
  element: HTMLMediaElement | null,
  media: MediaFile,
  url: string,
  goOn: (source: string, seconds: number) => void,
): Seek {
  const [target, setTarget] = useState<number | null>(null);
  const view = useViewState(media, url, target !== null);
  const address = useAddress(media, view?.kind === "direct" ? url : null);
  const source = view === null ? null : sourceOf(view, address);
  const arrive = useEffectEvent((from: string) => goOn(from, target ?? 0));
  useEffect(() => {
    if (source !== null) arrive(source);
  }, [source]);
  const waiting = view?.kind === "loading" ? { ...view, seconds: target ?? 0 } : null;
  return {
    seek: (seconds) => {
      if (element === null || (waiting === null && seekTo(element, seconds))) return;
      // Larger than what a page may hold: it can only be played from its beginning.
      if (view?.kind === "direct" && view.because === "large") return;
      element.pause();
      setTarget(Math.max(0, seconds));
    },
    waiting,
    failure: view?.kind === "failed" ? view.failure : null,
  };
}

/** A file that is in a bucket by now has its parts to give there. */
function sourceOf(view: ViewState, address: string | null): string | null {
  if (view.kind === "held") return view.url;
  return view.kind === "direct" && view.because === "elsewhere" ? address : null;
}
