import { useCallback, useState, useSyncExternalStore } from "react";
import { create } from "zustand";
import { type DirectReason, fetchFile, HELD_BYTES_MAX, type Progress } from "../server/bytes";
import type { MediaFile } from "../types";
import { type Failure, failureOf } from "./failure";
import { useReveal } from "./reveal";
import { isOnDemand } from "./state";

/** How far the fetch of a viewed file has come. */
export type ViewState =
  | ({ kind: "loading" } & Progress)
  /** It is here, under an address that ends with the view. */
  | { kind: "held"; url: string; name: string | null; type: string; size: number }
  /** The element or the browser loads it by itself. */
  | { kind: "direct"; because: DirectReason | "stored" }
  | { kind: "failed"; failure: Failure };

type Hold = { media: MediaFile; holders: number; abort: AbortController };

/**
 * The files that are being viewed, by the URL of the view. Whatever shows one of them (its tile, the large picture, the
 * details) holds it, so that a view is one download; when the last lets go, the page drops its bytes.
 */
const useViews = create<{ byUrl: Record<string, ViewState> }>(() => ({ byUrl: {} }));
const holds = new Map<string, Hold>();

/** Once all views together hold this much, a further file is left to the browser, like one too large by itself. */
const HELD_TOTAL_MAX = 4 * HELD_BYTES_MAX;

const LOADING: ViewState = { kind: "loading", bytes: 0, total: null };
const STORED: ViewState = { kind: "direct", because: "stored" };

/** How a file comes to be seen: a stored one by its URL alone, one on demand by a fetch that tells of itself. */
export function useFileView(media: MediaFile, url: string): ViewState {
  // Decided once: what becomes stored while it is viewed must not be fetched again.
  const [onDemand] = useState(() => isOnDemand(media));
  return useViewState(media, url, onDemand) ?? STORED;
}

/** The view of a file while it is wanted. */
export function useViewState(media: MediaFile, url: string, wanted: boolean): ViewState | null {
  // The record may change at any time, which changes nothing about a view under way.
  const [{ of }] = useState({ of: media });
  const subscribe = useCallback(
    (changed: () => void) => {
      if (!wanted) return () => {};
      const release = hold(of, url);
      const unsubscribe = useViews.subscribe(changed);
      return () => {
        unsubscribe();
        release();
      };
    },
    [of, url, wanted],
  );
  const view = useSyncExternalStore(subscribe, () => useViews.getState().byUrl[url]);
  return wanted ? (view ?? LOADING) : null;
}

/** Keeps a view, beginning it where it is new, until the function that it returns is called. */
export function hold(media: MediaFile, url: string): () => void {
  const held = holds.get(url) ?? { media, holders: 0, abort: new AbortController() };
  held.holders += 1;
  if (!holds.has(url)) {
    holds.set(url, held);
    void load(url, held);
  }
  return () => {
    held.holders -= 1;
    // What is shown in another place instead takes hold of it only after it was let go here.
    setTimeout(() => held.holders === 0 && drop(url, held));
  };
}

/** Fetches a view again, of which nothing came or nothing that can be shown. */
export function fetchAgain(url: string): void {
  const held = holds.get(url);
  if (held === undefined || useViews.getState().byUrl[url]?.kind === "loading") return;
  release(url);
  void load(url, held);
}

async function load(url: string, { abort }: Hold): Promise<void> {
  const { signal } = abort;
  set(url, LOADING);
  try {
    const onProgress = (progress: Progress) => set(url, { kind: "loading", ...progress });
    const max = Math.min(HELD_BYTES_MAX, HELD_TOTAL_MAX - bytesHeld());
    const fetched = await fetchFile(url, { signal, onProgress, max });
    if (signal.aborted) return;
    if (typeof fetched === "string") return set(url, { kind: "direct", because: fetched });
    const { blob, name } = fetched;
    set(url, { kind: "held", url: URL.createObjectURL(blob), name, type: blob.type, size: blob.size });
  } catch (error) {
    if (!signal.aborted) set(url, { kind: "failed", failure: failureOf(error) });
  }
}

function bytesHeld(): number {
  const views = Object.values(useViews.getState().byUrl);
  return views.reduce((sum, view) => sum + (view.kind === "held" ? view.size : 0), 0);
}

function drop(url: string, held: Hold): void {
  if (holds.get(url) !== held) return;
  holds.delete(url);
  held.abort.abort();
  release(url);
  const { media } = held;
  const elsewhere = [...holds.values()].some((other) => other.media.id === media.id);
  // Scrolling back must not fetch from WhatsApp what nobody asked to see again.
  if (media.policy === "stream" && !isPlayed(media) && !elsewhere) useReveal.getState().hide(media.id);
}

/** Lets go of the bytes. */
function release(url: string): void {
  const { [url]: view, ...byUrl } = useViews.getState().byUrl;
  if (view?.kind === "held") URL.revokeObjectURL(view.url);
  useViews.setState({ byUrl });
}

function isPlayed({ fileType }: MediaFile): boolean {
  return fileType === "audio" || fileType === "video";
}

function set(url: string, view: ViewState): void {
  useViews.setState(({ byUrl }) => ({ byUrl: { ...byUrl, [url]: view } }));
}
