import { create } from "zustand";

type Announcement = { text: string; number: number };

type AnnouncerState = { polite: Announcement; assertive: Announcement };

const SILENCE: Announcement = { text: "", number: 0 };

/** What a screen reader should hear, beside what shows. */
export const useAnnouncements = create<AnnouncerState>(() => ({ polite: SILENCE, assertive: SILENCE }));

/** Says a sentence, also when it is the same as the last one. Assertive is for the failure of what the person has just done. */
export function announce(text: string, urgency: keyof AnnouncerState = "polite"): void {
  useAnnouncements.setState((state) => ({ [urgency]: { text, number: state[urgency].number + 1 } }));
}
