import type { Retention, RetentionMode } from "@/api/types";

const DAYS_MAX = 36_500;

/** A retention while it is being chosen: the days are what stands in the field. `company` is for an account that has none of its own. */
export type RetentionDraft = { mode: RetentionMode | "company"; days: string };

export function draftOf(retention: Retention | null): RetentionDraft {
  if (retention === null) return { mode: "company", days: "" };
  return { mode: retention.mode, days: retention.days == null ? "" : String(retention.days) };
}

/** The retention that is meant: null is the company's, undefined one whose days make no sense. */
export function retentionOf({ mode, days }: RetentionDraft): Retention | null | undefined {
  if (mode === "company") return null;
  if (mode === "forever") return { mode };
  const number = Number(days);
  return Number.isInteger(number) && number >= 1 && number <= DAYS_MAX ? { mode, days: number } : undefined;
}

export function isSameRetention(a: Retention | null, b: Retention | null): boolean {
  return a?.mode === b?.mode && (a?.days ?? null) === (b?.days ?? null);
}

/** Whether files go by it for good. */
export function deletes(retention: Retention | null): boolean {
  return retention?.mode === "days_after_stored" || retention?.mode === "days_after_viewed";
}
