import type { Page } from "@playwright/test";
import type { texts as Texts } from "../src/texts/en/index.ts";
import type { settings as Settings } from "../src/texts/en/settings.ts";

// The catalogues are made for a page, of which they read the language.
Object.assign(globalThis, { document: { documentElement: { lang: "en" } } });
Object.defineProperty(globalThis, "navigator", { value: { languages: ["en"] }, configurable: true });

export const LANGUAGES = ["en", "es", "pt", "ar", "hi"] as const;
export type Language = (typeof LANGUAGES)[number];
export type Catalogue = { texts: typeof Texts; settings: typeof Settings };

/** All that the inbox says in a language. */
export async function catalogueOf(language: Language): Promise<Catalogue> {
  const { texts } = await import(`../src/texts/${language}/index.ts`);
  const { settings } = await import(`../src/texts/${language}/settings.ts`);
  return { texts, settings };
}

/** Stands for a value in a sentence. */
const VALUE = "‹value›";
/** Shorter words of a sentence with a value in it may be anybody's. */
const WORDS_MIN = 6;

/** Whole texts of a catalogue, and the fixed words of those that have a value in them. */
function saidIn(catalogue: object): { whole: Set<string>; parts: Set<string> } {
  const whole = new Set<string>();
  const parts = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value === "string") whole.add(value);
    else if (typeof value === "function") {
      const said: string = value(...Array.from({ length: value.length }, () => VALUE));
      const [longest = ""] = said
        .split(/‹value›|NaN/)
        .map((part) => part.trim())
        .sort((a, b) => b.length - a.length);
      if (longest.length >= WORDS_MIN) parts.add(longest);
    } else if (value !== null && typeof value === "object") Object.values(value).forEach(visit);
  };
  visit(catalogue);
  return { whole, parts };
}

/** What a page shows or tells a screen reader that is English, and not also said so in its own language. */
export async function englishOn(page: Page, language: Language): Promise<string[]> {
  const english = saidIn(await catalogueOf("en"));
  const own = saidIn(await catalogueOf(language));
  const said = await page.evaluate(() => {
    const found: string[] = [];
    const shown = (element: Element) => element.checkVisibility({ visibilityProperty: true });
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const words = node.textContent?.trim();
      const parent = node.parentElement;
      if (words && parent && !parent.closest("script, style, noscript") && shown(parent)) found.push(words);
    }
    for (const element of document.querySelectorAll("[aria-label], [title], [placeholder], [alt]")) {
      if (!shown(element)) continue;
      for (const name of ["aria-label", "title", "placeholder", "alt", "aria-valuetext"]) {
        const words = element.getAttribute(name)?.trim();
        if (words) found.push(words);
      }
    }
    return [...new Set(found)];
  });
  const ownParts = [...own.parts, ...own.whole];
  return said.filter((words) => {
    if (english.whole.has(words)) return !own.whole.has(words) && /\p{L}{2}/u.test(words);
    return [...english.parts].some(
      (part) => words.includes(part) && !ownParts.some((mine) => mine.includes(part)),
    );
  });
}
