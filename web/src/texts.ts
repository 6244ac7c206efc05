/**
 * Every sentence of the inbox, in the language of the page. Components take their words from here and nowhere else.
 *
 * English says which sentences there are; the other languages have its type, so that one that is missing fails the build. Only the chosen
 * language is loaded, before any module that uses it: `main.tsx` sees to that.
 */

import type { texts as english } from "@/texts/en/index";
import { type Language, language } from "@/texts/language";

export { number } from "@/texts/plural";

export type Texts = typeof english;

const CATALOGUES: Record<Language, () => Promise<{ texts: Texts }>> = {
  en: () => import("@/texts/en/index"),
  es: () => import("@/texts/es/index"),
  pt: () => import("@/texts/pt/index"),
  ar: () => import("@/texts/ar/index"),
  hi: () => import("@/texts/hi/index"),
};

export let texts: Texts;

export async function loadTexts(): Promise<void> {
  texts = (await CATALOGUES[language]()).texts;
}
