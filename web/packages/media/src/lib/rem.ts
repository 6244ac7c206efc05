/** The size of the page's text in pixels, which a person may have set larger. */
export function rem(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
}
