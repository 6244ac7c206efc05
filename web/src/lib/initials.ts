/** One or two letters; by grapheme, so that no script is cut in the middle of a letter. */
export function initials(name: string): string {
  const words = name.split(/\s+/).filter((word) => /^\p{L}/u.test(word));
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) =>
    firstLetter(word ?? ""),
  );
  return letters.join("").toLocaleUpperCase() || EMOJI.exec(name)?.[0] || "#";
}

function firstLetter(word: string): string {
  const [first] = new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(word);
  return first?.segment ?? "";
}

/** A name of emoji alone is known by its first. */
const EMOJI = /\p{RGI_Emoji}/v;
