import type { Message } from "@/api/types";
import { announce } from "@/lib/announce";
import { saidByWhatsApp } from "@/lib/said";
import { texts } from "@/texts";

/** Messages of this page whose end nobody was told yet, by what the page calls them. Bounds how many are remembered. */
const AWAITED_MAX = 500;

const awaited = new Set<string>();

/** From now on somebody wants to hear what becomes of this message. */
export function awaitReport(clientId: string): void {
  awaited.add(clientId);
  const [oldest] = awaited;
  if (awaited.size > AWAITED_MAX && oldest !== undefined) awaited.delete(oldest);
}

const LEFT: readonly Message["status"][] = ["accepted", "sent", "delivered", "read", "played"];

/** Says once of each message from this page that it has left, or that it failed; the reason, if it failed just now. */
export function reportSent({ clientId, status, error }: Message): string | null {
  if (!clientId || !awaited.has(clientId)) return null;
  if (LEFT.includes(status)) {
    awaited.delete(clientId);
    announce(texts.sending.sent);
    return null;
  }
  if (status !== "failed" && status !== "unknown") return null;
  awaited.delete(clientId);
  const reason =
    status === "failed" ? (error ? saidByWhatsApp(error.code, error.message) : "") : texts.sending.unknown;
  announce(texts.sending.failed(reason), "assertive");
  return reason;
}
