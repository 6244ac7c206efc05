import css from "../styles/frame.css?inline";

let sheet: CSSStyleSheet | null = null;

/** The stylesheet that all shadow roots of the page share. */
export function sharedSheet(): CSSStyleSheet {
  if (sheet === null) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(inShadow(css));
  }
  return sheet;
}

/**
 * Tailwind gives its own properties their first values by `@property`, which counts for whole documents only. The rule that it keeps for browsers
 * without `@property` does the same in a shadow root, once it holds everywhere.
 */
export function inShadow(text: string): string {
  return text.replace(/@supports[^{]*-webkit-hyphens[^{]*\{/, "@supports (display: block) {");
}
