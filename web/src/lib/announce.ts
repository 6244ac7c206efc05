import { create } from "zustand";

type Announcement = { text: string; number: number };
type Urgency = "polite" | "assertive";

/** Sentences of each kind that stay in the page: several that come at once are all heard. */
const KEPT_MAX = 5;

let announced = 0;

/** What a screen reader should hear, beside what shows. */
export const useAnnouncements = create<Record<Urgency, Announcement[]>>(() => ({
  polite: [],
  assertive: [],
}));

/** Says a sentence, also when it is the same as the last one. Assertive is for the failure of what the person has just done. */
export function announce(text: string, urgency: Urgency = "polite"): void {
  announced += 1;
  const said = { text, number: announced };
  useAnnouncements.setState((state) => ({ [urgency]: [...state[urgency], said].slice(-KEPT_MAX) }));
}
