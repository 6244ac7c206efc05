/** The sentences of the settings. They stand apart from the others so that the inbox does not load them. */

import type { settings as english } from "@/texts/en/settings";
import { type Language, language } from "@/texts/language";

export type SettingsTexts = typeof english;

const CATALOGUES: Record<Language, () => Promise<{ settings: SettingsTexts }>> = {
  en: () => import("@/texts/en/settings"),
  es: () => import("@/texts/es/settings"),
  pt: () => import("@/texts/pt/settings"),
  ar: () => import("@/texts/ar/settings"),
  hi: () => import("@/texts/hi/settings"),
};

export let settings: SettingsTexts;

/** Has to be done before a module of the settings is imported. */
export async function loadSettings(): Promise<void> {
  settings ??= (await CATALOGUES[language]()).settings;
}
