/** The server's reasons for what it cannot make are phrases: "the PDF is encrypted". */
export function asSentence(phrase: string): string {
  const [first = "", ...rest] = phrase;
  const begun = `${first.toLocaleUpperCase("en")}${rest.join("")}`;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
