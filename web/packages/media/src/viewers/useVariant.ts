import { useState } from "react";
import { useAddress } from "../server/address";
import { useReach } from "../server/services";
import { texts } from "../texts";
import type { MediaFile } from "../types";
import { type Failure, ofBrowser } from "./failure";
import { refusalOf, useMade } from "./making";

/** "waiting" is to be told by the server why it failed, or that it is made by now. */
type Phase = "loading" | "waiting" | "loaded" | "missing";

type State = {
  /** The record by which it was asked for. */
  media: MediaFile;
  /** What that record would show. */
  wanted: string | null;
  /** Since when the server is known to be there: one that is back may have what it did not give. */
  since: number;
  /** What is shown. */
  url: string | null;
  phase: Phase;
  /** Why it is missing; null where nothing was asked for. */
  failure: Failure | null;
  /** Requests so far; as a key it makes the element start over. */
  attempt: number;
  retried: boolean;
};

export type VariantState = Pick<State, "url" | "phase" | "failure" | "attempt"> & {
  onLoad: () => void;
  onError: () => void;
  /** Asks again, where it is missing. */
  retry: () => void;
};

/**
 * A picture made of a file, from its URL to the element that shows it. Where it fails the server is asked why: what is being made is
 * waited for, what cannot be made is not asked for again, and what just failed is asked for once more; after that only when the file's
 * record has changed or the server is back.
 */
export function useVariant(media: MediaFile, url: string | null): VariantState {
  const since = useReach((reach) => reach.since);
  const [state, setState] = useState(() => begin({ media, wanted: url, since }, 0));
  if (state.media !== media || state.wanted !== url || state.since !== since) {
    setState(afterChange(state, { media, wanted: url, since }));
  }
  const asked = state.phase === "waiting" ? state.url : null;
  const answer = useMade(asked, media, state.attempt);
  if (asked !== null && answer !== null) setState(answer === "made" ? again(state) : missing(answer)(state));
  const address = useAddress(media, state.url);
  return {
    url: address,
    phase: state.phase,
    failure: state.failure,
    attempt: state.attempt,
    onLoad: () => setState((last) => ({ ...last, phase: "loaded" })),
    onError: () =>
      setState((last) => (last.retried ? missing(unshown())(last) : { ...last, phase: "waiting" })),
    retry: () => setState((last) => begin(last, last.attempt + 1)),
  };
}

/** It came, and is no picture for this browser. */
const unshown = () => ofBrowser(texts.media.notShown);

type Question = Pick<State, "media" | "wanted" | "since">;

function begin(question: Question, attempt: number): State {
  const { media, wanted } = question;
  const failure = refusalOf(media, wanted);
  const phase = wanted === null || failure !== null ? "missing" : "loading";
  return { ...question, url: wanted, phase, failure, attempt, retried: false };
}

function again(last: State): State {
  return { ...last, phase: "loading", attempt: last.attempt + 1, retried: true };
}

function missing(failure: Failure): (last: State) => State {
  return (last) => ({ ...last, phase: "missing", failure });
}

/** What shows already stays, as long as there is something to show. */
function afterChange(last: State, question: Question): State {
  const sameFile = last.media === question.media && last.wanted === question.wanted;
  const keeps = last.phase === "loaded" ? question.wanted !== null : sameFile && last.phase !== "missing";
  return keeps ? { ...last, ...question } : begin(question, last.attempt + 1);
}
