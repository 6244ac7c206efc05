type Pressed = { key: string; code: string };

/** What a key means on every keyboard: where its letters are no Latin ones, that of its place. */
export function letterOf({ key, code }: Pressed): string {
  if (key.length !== 1 || key <= "~") return key.length === 1 ? key.toLowerCase() : key;
  const [, letter] = /^(?:Key|Digit)(.)$/.exec(code) ?? [];
  if (letter !== undefined) return letter.toLowerCase();
  if (code === "Slash") return key === "؟" ? "?" : "/";
  return key.toLowerCase();
}
