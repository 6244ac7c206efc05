/** How numbers and dates are written. */

/** English as in the person's own region, or British where nothing is said. */
export let locale: string = regionOf(globalThis.navigator?.language ?? "");

export function provideLocale(own: string): void {
  locale = own;
}

export const number = (n: number): string => n.toLocaleString(locale);

function regionOf(language: string): string {
  return language.startsWith("en") ? language : "en-GB";
}
