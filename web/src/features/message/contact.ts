import type { Contact } from "@/api/types";
import { texts } from "@/texts";

export function contactName(contact: Contact): string {
  return contact.name || contactPhone(contact) || texts.contact.unnamed;
}

/** WhatsApp ids are phone numbers without the plus. */
export function contactPhone(contact: Contact): string | null {
  if (contact.phone) return contact.phone.startsWith("+") ? contact.phone : `+${contact.phone}`;
  return contact.waId ? `+${contact.waId}` : null;
}
