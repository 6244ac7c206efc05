import { texts } from "@/texts";

/** What the server says, in the language of the page. Its own sentences are English, and say more than the codes, which every language has words for. */
export function said(code: string | undefined, sentence: string): string {
  const codes: Partial<Record<string, string>> | null = texts.error.codes;
  return codes?.[code ?? ""] ?? sentence;
}

/** Why WhatsApp did not deliver a message. */
export function saidByWhatsApp(code: number, sentence: string): string {
  const codes: Partial<Record<number, string>> | null = texts.sending.codes;
  return codes?.[code] ?? sentence;
}
