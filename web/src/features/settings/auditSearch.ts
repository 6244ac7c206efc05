import type { AuditFilter } from "@/api/settings";

/** What the address of the page holds: days as the person has them, without a time. */
export type AuditSearch = { action?: string; who?: string; from?: string; to?: string };

/** Days begin and end where the person is. */
export function filterOf({ action, who, from, to }: AuditSearch): AuditFilter {
  return {
    ...(action === undefined ? {} : { action }),
    ...(who === undefined ? {} : { who }),
    ...(from === undefined ? {} : { from: startOf(from, 0) }),
    ...(to === undefined ? {} : { to: startOf(to, 1) }),
  };
}

/** The first moment of a day, or of one after it. */
function startOf(day: string, after: number): string {
  const date = new Date(`${day}T00:00:00`);
  date.setDate(date.getDate() + after);
  return date.toISOString();
}
