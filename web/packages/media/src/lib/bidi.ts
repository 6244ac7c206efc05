/** Characters that turn the direction of what follows. None of them is part of a name. */
const CONTROLS = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;
/** Those that show letters in another order than they stand: nobody writes with them. */
const OVERRIDES = /[\u202D\u202E]/g;

/** A name as it is, so that no part of it can stand for another: `photo⟨override⟩gnp.exe.pdf` must not show as `photo…exe.png`. */
export function plainName(name: string): string {
  return name.replace(CONTROLS, "");
}

/** Words in the order in which they were written. */
export function plainWords(words: string): string {
  return words.replace(OVERRIDES, "");
}
