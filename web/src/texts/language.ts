/** The languages of the inbox, each by its own name. `public/first.js` lists them, too. */
export const LANGUAGES = {
  en: "English",
  es: "Español",
  pt: "Português (Brasil)",
  ar: "العربية",
  hi: "हिन्दी",
} as const;

export type Language = keyof typeof LANGUAGES;

/** Where a language is spoken, as far as it is not said: it decides how numbers and dates are written. */
const REGIONS: Record<Language, string> = { en: "en-GB", es: "es", pt: "pt-BR", ar: "ar", hi: "hi-IN" };

/** The language of this page, which `first.js` chose before it was painted. */
export const language: Language = languageOf(document.documentElement.lang);

/** How numbers and dates are written: as in the person's own region where their browser names one for the language. */
export const locale: string =
  navigator.languages.find((tag) => tag.split("-")[0] === language) ?? REGIONS[language];

function languageOf(tag: string): Language {
  return tag in LANGUAGES ? (tag as Language) : "en";
}
