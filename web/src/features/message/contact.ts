import { plainName } from "@mediary/media/lib/bidi";
import type { Contact } from "@/api/types";
import { texts } from "@/texts";

export function contactName(contact: Contact): string {
  const name = plainName(contact.name ?? "").trim();
  return name || contactPhone(contact) || (isGroup(contact) ? texts.contact.group : texts.contact.unnamed);
}

/** WhatsApp ids of people are phone numbers without the plus; those of groups are none. */
export function contactPhone({ phone, waId }: Contact): string | null {
  const number = phone || waId;
  if (!number || !NUMBER.test(number)) return null;
  return number.startsWith("+") ? number : `+${number}`;
}

function isGroup({ waId }: Contact): boolean {
  return Boolean(waId) && !NUMBER.test(waId ?? "");
}

const NUMBER = /^\+?\d+$/;
