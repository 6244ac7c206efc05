/** How numbers and dates are written: the person's own English, or British where their browser speaks another language. */
export const locale: string = navigator.language.startsWith("en") ? navigator.language : "en-GB";

const plural = new Intl.PluralRules("en");
export const count = (n: number, one: string, many: string) =>
  `${n} ${plural.select(n) === "one" ? one : many}`;
