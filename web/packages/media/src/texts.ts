/** Every word that is shown. A page speaks one language, chosen before anything is drawn. */
import type { english } from "./english";
import { locale, provideLocale } from "./numbers";

export { locale, number } from "./numbers";

export type MediaTexts = typeof english;

const missing: ProxyHandler<MediaTexts> = {
  get() {
    throw new Error("No sentences yet: call provideMedia() first, or draw it inside <MediaryProvider>.");
  },
};

export let texts: MediaTexts = new Proxy({} as MediaTexts, missing);

/** Whether anybody has chosen the words. */
export let hasTexts = false;

export function provideTexts(own: MediaTexts, ownLocale: string = locale): void {
  texts = own;
  provideLocale(ownLocale);
  hasTexts = true;
}
