import { useState } from "react";
import { asSentence } from "../lib/sentence";
import { texts } from "../texts";
import type { MediaFile } from "../types";
import { type Failure, ofBrowser } from "./failure";
import { refusalOf, useMade } from "./making";
import { mayNeedConversion, playableUrl, variantUrl } from "./variants";

/** Where a player finds a file, or why it does not find it yet, or never. */
export type Playable =
  /** The best first: the form that every browser plays, then the file as it is. */
  { kind: "ready"; urls: string[] } | { kind: "making" } | { kind: "refused"; failure: Failure };

type Answer = "made" | Failure;

/**
 * The form of a file that every browser plays, as its record lists it. Where a record lists none though the file needs one, it is
 * asked for: it may just be being made.
 */
export function usePlayable(media: MediaFile, url: string): { playable: Playable; askAgain: () => void } {
  const listed = playableUrl(media);
  const wanted = listed === null && mayNeedConversion(media) ? variantUrl(media, "playable") : null;
  const known = wanted === null ? null : refusalOf(media, wanted);
  const asked = known === null ? wanted : null;
  const [round, setRound] = useState(0);
  const answer = useMade(asked, media, round);
  const askAgain = () => setRound(round + 1);
  return { playable: playableOf(media, url, { listed, wanted, answer: known ?? answer }), askAgain };
}

type Found = { listed: string | null; wanted: string | null; answer: Answer | null };

function playableOf(media: MediaFile, url: string, { listed, wanted, answer }: Found): Playable {
  if (listed !== null) return { kind: "ready", urls: [listed, url] };
  if (wanted === null) return { kind: "ready", urls: [url] };
  if (answer === null) return { kind: "making" };
  if (answer === "made") return { kind: "ready", urls: [wanted, url] };
  // By its type alone it might have needed a conversion; now it plays as it is, or not at all.
  if (media.unplayable === null) return { kind: "ready", urls: [url] };
  return { kind: "refused", failure: answer.final ? unplayable(media.unplayable, answer.reason) : answer };
}

function unplayable(format: string, reason: string): Failure {
  const sentence = texts.media.unplayableFormat(format);
  // The server may have no other reason than that.
  const own = reason.toLowerCase().includes(format.toLowerCase()) ? "" : ` ${asSentence(reason)}`;
  return ofBrowser(`${sentence}${own}`, true);
}
