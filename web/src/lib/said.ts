import { texts } from "@/texts";

/** Why WhatsApp did not deliver a message. */
export function saidByWhatsApp(code: number, sentence: string): string {
  const codes: Partial<Record<number, string>> | null = texts.sending.codes;
  return codes?.[code] ?? sentence;
}
