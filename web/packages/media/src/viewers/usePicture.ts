import { useState } from "react";
import { useAddress } from "../server/address";
import { NOTHING, type Progress } from "../server/bytes";
import { texts } from "../texts";
import type { MediaFile } from "../types";
import { type Failure, ofBrowser, useWhy } from "./failure";
import { fetchAgain, useFileView } from "./views";

type Picture =
  | { kind: "loading"; progress: Progress }
  | { kind: "failed"; failure: Failure | null; retry: () => void }
  | {
      kind: "shown";
      /** Where the element gets it from, in place of the URL of the file. */
      from: string;
      /** As its key makes the element start over. */
      attempt: number;
      /** Whether it shows already. */
      loaded: boolean;
      onLoad: () => void;
      onError: () => void;
    };

/**
 * A picture from its URL to the element that shows it, and whatever may go wrong on the way. `known` is what is wrong with it, where
 * that was found before: then no retry helps.
 */
export function usePicture(media: MediaFile, url: string, known: Failure | null = null): Picture {
  const view = useFileView(media, url);
  const [phase, setPhase] = useState<"loading" | "loaded" | "failed">("loading");
  const [attempt, setAttempt] = useState(0);
  const broken = phase === "failed";
  const address = useAddress(media, url);
  const refused = known?.final ? known : null;
  const why = useWhy(url, broken && refused === null && view.kind === "direct", texts.media.notShown);
  const retry = () => {
    setPhase("loading");
    setAttempt(attempt + 1);
    if (view.kind !== "direct") fetchAgain(url);
  };
  if (view.kind === "loading") return { kind: "loading", progress: view };
  if (view.kind === "failed") return { kind: "failed", failure: view.failure, retry };
  if (broken) {
    const failure = refused ?? (view.kind === "held" ? ofBrowser(texts.media.notShown) : why);
    return { kind: "failed", failure, retry };
  }
  const from = view.kind === "held" ? view.url : address;
  if (from === null) return { kind: "loading", progress: NOTHING };
  return {
    kind: "shown",
    from,
    attempt,
    loaded: phase === "loaded",
    onLoad: () => setPhase("loaded"),
    onError: () => setPhase("failed"),
  };
}
