/** What WhatsApp's own marks make of a message, and the addresses in it. */
export type Part =
  | { kind: "text"; text: string }
  | { kind: "link"; href: string; text: string }
  | { kind: "bold" | "italic" | "strike" | "quote"; parts: Part[] }
  | { kind: "code" | "block"; text: string };

/** A mark counts at the edge of a word only, and around something: `2*3*4` and `snake_case` stay as they are. */
const marked = (name: string, mark: string) =>
  String.raw`(?<![\p{L}\p{N}${mark}])${mark}(?<${name}>[^\s${mark}](?:[^${mark}\n]*[^\s${mark}])?)${mark}(?![\p{L}\p{N}${mark}])`;

const TOKEN = new RegExp(
  [
    "```(?<block>[^`]+)```",
    String.raw`(?<![\p{L}\p{N}])\u0060(?<code>[^\u0060\n]+)\u0060(?![\p{L}\p{N}])`,
    String.raw`(?<![\p{L}\p{N}])(?<url>(?:https?:\/\/|www\.)[^\s<>"]+)`,
    String.raw`(?<mail>(?<![\w.+\-])[\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63})+)`,
    String.raw`(?<phone>(?<![\p{L}\p{N}])\+\d[\d ()\-]{6,18}\d(?!\d))`,
    marked("bold", String.raw`\*`),
    marked("italic", "_"),
    marked("strike", "~"),
  ].join("|"),
  "gu",
);
/** Punctuation after an address usually belongs to the sentence around it. */
const TRAILING = /[.,;:!?)\]}'"…*_~]+$/;
const QUOTED = /^> ?(.+)$/gm;
const BULLET = /^[*-] +(?=\S)/gm;

export function richParts(words: string): Part[] {
  const text = words.replace(BULLET, "• ");
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(QUOTED)) {
    parts.push(...inlineParts(text.slice(end, match.index)), {
      kind: "quote",
      parts: inlineParts(match[1] ?? ""),
    });
    // The quote ends its line by itself.
    end = match.index + match[0].length + (text[match.index + match[0].length] === "\n" ? 1 : 0);
  }
  return [...parts, ...inlineParts(text.slice(end))];
}

function inlineParts(text: string): Part[] {
  const parts: Part[] = [];
  let end = 0;
  const add = (part: Part, from: number, to: number) => {
    if (from > end) parts.push({ kind: "text", text: text.slice(end, from) });
    parts.push(part);
    end = to;
  };
  for (const match of text.matchAll(TOKEN)) {
    const { index } = match;
    const groups = match.groups ?? {};
    if (groups.url !== undefined) {
      const shown = groups.url.replace(TRAILING, "");
      const href = shown.startsWith("www.") ? `https://${shown}` : shown;
      if (shown.length > "https://".length)
        add({ kind: "link", href, text: shown }, index, index + shown.length);
    } else add(partOf(groups, match[0]), index, index + match[0].length);
  }
  if (end < text.length) parts.push({ kind: "text", text: text.slice(end) });
  return parts;
}

function partOf(groups: Record<string, string | undefined>, whole: string): Part {
  const { block, code, mail, phone, bold, italic, strike } = groups;
  if (block !== undefined) return { kind: "block", text: block.replace(/^\n|\n$/g, "") };
  if (code !== undefined) return { kind: "code", text: code };
  if (mail !== undefined) return { kind: "link", href: `mailto:${mail}`, text: mail };
  if (phone !== undefined) return { kind: "link", href: `tel:${phone.replace(/[^+\d]/g, "")}`, text: phone };
  if (bold !== undefined) return { kind: "bold", parts: inlineParts(bold) };
  if (italic !== undefined) return { kind: "italic", parts: inlineParts(italic) };
  if (strike !== undefined) return { kind: "strike", parts: inlineParts(strike) };
  return { kind: "text", text: whole };
}

/** One to three emoji and nothing else: they are shown large, as in WhatsApp. */
export function isEmojiOnly(text: string): boolean {
  return EMOJI_ONLY.test(text.trim());
}

const EMOJI_ONLY = /^(?:\p{RGI_Emoji}\s?){1,3}$/v;

/** Marks upon one letter that any script needs; more of them run over the lines around. */
const PILE = /(\p{M}{4})\p{M}+/gu;
const EMPTY_LINES = /\n(?:[^\S\n]*\n){3,}/g;

/** The words without what breaks the page around them. */
export function calmWords(words: string): string {
  return words.replace(PILE, "$1").replace(EMPTY_LINES, "\n\n\n");
}
