import { useEffect, useState } from "react";
import { RETRY_AFTER_MS } from "@/api/bytes";
import type { MediaFile } from "@/api/types";
import { useConnection } from "@/live/connection";

type Phase = "loading" | "waiting" | "loaded" | "missing";

type State = {
  /** The record by which it was asked for. */
  media: MediaFile;
  /** What that record would show. */
  wanted: string | null;
  /** When the event stream was opened, zero while it is closed: a server that is back may have what it did not give. */
  since: number;
  /** What is shown. */
  url: string | null;
  phase: Phase;
  /** Requests so far; as a key it makes the element start over. */
  attempt: number;
  retried: boolean;
};

export type VariantState = Pick<State, "url" | "phase" | "attempt"> & {
  onLoad: () => void;
  onError: () => void;
  /** Asks again, where it is missing. */
  retry: () => void;
};

/**
 * A picture made of a file, from its URL to the element that shows it. Where it fails it is asked for once more a moment later, as it
 * may just be being made, and after that only when the file's record has changed or the server is back.
 */
export function useVariant(media: MediaFile, url: string | null): VariantState {
  const since = useConnection((connection) => (connection.open ? connection.since : 0));
  const [state, setState] = useState(() => begin({ media, wanted: url, since }, 0));
  if (state.media !== media || state.wanted !== url || state.since !== since) {
    setState(afterChange(state, { media, wanted: url, since }));
  }
  const { phase, attempt } = state;
  useEffect(() => {
    if (phase !== "waiting") return;
    const timer = setTimeout(() => setState(again), RETRY_AFTER_MS);
    return () => clearTimeout(timer);
  }, [phase]);
  return {
    url: state.url,
    phase,
    attempt,
    onLoad: () => setState((last) => ({ ...last, phase: "loaded" })),
    onError: () => setState((last) => ({ ...last, phase: last.retried ? "missing" : "waiting" })),
    retry: () => setState((last) => begin(last, last.attempt + 1)),
  };
}

type Question = Pick<State, "media" | "wanted" | "since">;

function begin({ media, wanted, since }: Question, attempt: number): State {
  const phase = wanted === null ? "missing" : "loading";
  return { media, wanted, since, url: wanted, phase, attempt, retried: false };
}

function again(last: State): State {
  return { ...last, phase: "loading", attempt: last.attempt + 1, retried: true };
}

/** What shows already stays, as long as there is something to show. */
function afterChange(last: State, question: Question): State {
  const sameFile = last.media === question.media && last.wanted === question.wanted;
  const keeps = last.phase === "loaded" ? question.wanted !== null : sameFile && last.phase !== "missing";
  return keeps ? { ...last, ...question } : begin(question, last.attempt + 1);
}
