/** Every word that is shown, and how numbers and dates are written. A page speaks one language, chosen before anything is drawn. */
import type { english } from "./english";

export type MediaTexts = typeof english;

const missing: ProxyHandler<MediaTexts> = {
  get() {
    throw new Error("No sentences yet: call provideMedia() first, or draw it inside <MediaryProvider>.");
  },
};

export let texts: MediaTexts = new Proxy({} as MediaTexts, missing);

/** English as in the person's own region, or British where nothing is said. */
export let locale: string = regionOf(globalThis.navigator?.language ?? "");

/** Whether anybody has chosen the words. */
export let hasTexts = false;

export function provideTexts(own: MediaTexts, ownLocale: string = locale): void {
  texts = own;
  locale = ownLocale;
  hasTexts = true;
}

function regionOf(language: string): string {
  return language.startsWith("en") ? language : "en-GB";
}
