import { texts } from "../texts";

/** What the server says, in the language of the page. Its own sentences are English, and say more than the codes, which every language has words for. */
export function said(code: string | undefined, sentence: string): string {
  return texts.error.codes?.[code ?? ""] ?? sentence;
}
