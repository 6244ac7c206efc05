import { formatDate } from "./format";

/** The server's reasons for what it cannot make are phrases: "the PDF is encrypted". */
export function asSentence(phrase: string): string {
  const [first = "", ...rest] = phrase;
  const begun = `${first.toLocaleUpperCase("en")}${rest.join("")}`;
  return /[.!?…।؟]$/.test(begun) ? begun : `${begun}.`;
}

/** A sentence of the server's with its dates as a person writes them: "until 2026-12-05 (UTC)" is for programs. */
export function withDates(sentence: string): string {
  return sentence.replace(/\b(20\d\d-\d\d-\d\d)(?:T[\d:.]+Z?)?(?: \(UTC\))?/g, (_, date) =>
    formatDate(`${date}T12:00:00Z`),
  );
}
