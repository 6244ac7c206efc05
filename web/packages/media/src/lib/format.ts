import { locale, texts } from "../texts";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** "2.4 MB": decimal units, as file managers and WhatsApp show them. */
export function formatBytes(bytes: number): string {
  const step = bytes > 0 ? Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1) : 0;
  const value = bytes / 1000 ** step;
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: UNITS[step] ?? "byte",
    unitDisplay: step === 0 ? "long" : "short",
    maximumFractionDigits: step > 1 && value < 100 ? 1 : 0,
  }).format(value);
}

const digits = (n: number, least: number): string =>
  new Intl.NumberFormat(locale, { minimumIntegerDigits: least, useGrouping: false }).format(n);

/** A year, or whatever else is a name rather than a quantity. */
export const formatPlain = (n: number): string => digits(n, 1);

/** "0:07", "12:30", "1:02:03". */
export function formatDuration(seconds: number): string {
  const whole = Number.isFinite(seconds) ? Math.max(0, Math.floor(seconds)) : 0;
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${digits(minutes, hours > 0 ? 2 : 1)}:${digits(rest, 2)}`;
  return hours > 0 ? `${digits(hours, 1)}:${tail}` : tail;
}

/** "20 seconds", "5 minutes", "2 hours": how long somebody has to wait. */
export function formatWait(seconds: number): string {
  const [value, unit] =
    seconds < 90 ? [seconds, "second"] : seconds < 5400 ? [seconds / 60, "minute"] : [seconds / 3600, "hour"];
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: String(unit),
    unitDisplay: "long",
    maximumFractionDigits: 0,
  }).format(Number(value));
}

/** How long something is: what is there at all takes a second at least. */
export function formatLength(seconds: number): string {
  return formatDuration(seconds > 0 ? Math.max(1, seconds) : seconds);
}

export function formatTime(time: string): string {
  return new Intl.DateTimeFormat(locale, { timeStyle: "short" }).format(new Date(time));
}

/** "27 November 2026". */
export function formatDate(time: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "long" }).format(new Date(time));
}

/** "27 Nov 2026, 19:12", for a column of them. */
export function formatMoment(time: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(new Date(time));
}

/** The whole date and time, for titles and for screen readers. */
export function formatDateTime(time: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" }).format(new Date(time));
}

/** "5 minutes ago", "in 2 hours", "yesterday". */
export function formatAgo(time: string, now: Date): string {
  const seconds = (Date.parse(time) - now.getTime()) / 1000;
  const [unit, size] = AGO.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(Math.round(seconds / size), unit);
}

const AGO: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "2026-11" as "Nov 2026". */
export function formatMonth(month: string): string {
  return new Intl.DateTimeFormat(locale, { month: "short", year: "numeric", timeZone: "UTC" }).format(
    new Date(`${month}-01T00:00:00Z`),
  );
}

/** "Today", "Yesterday", "Monday 3 March", and the year where it is another one. */
export function formatDay(time: string, now: Date): string {
  const days = daysBetween(new Date(time), now);
  if (days === 0) return texts.time.today;
  if (days === 1) return texts.time.yesterday;
  const sameYear = new Date(time).getFullYear() === now.getFullYear();
  return new Intl.DateTimeFormat(locale, {
    weekday: "long",
    day: "numeric",
    month: "long",
    ...(sameYear ? {} : { year: "numeric" }),
  }).format(new Date(time));
}

/** What fits in a list: the time today, then the day, then the date. */
export function formatShort(time: string, now: Date): string {
  const days = daysBetween(new Date(time), now);
  if (days <= 0) return formatTime(time);
  if (days === 1) return texts.time.yesterday;
  const options: Intl.DateTimeFormatOptions =
    days < 7 ? { weekday: "long" } : { day: "2-digit", month: "2-digit", year: "2-digit" };
  return new Intl.DateTimeFormat(locale, options).format(new Date(time));
}

export function isSameDay(a: string, b: string): boolean {
  return daysBetween(new Date(a), new Date(b)) === 0;
}

/** Calendar days, so that a day with 23 hours is still one. */
function daysBetween(from: Date, to: Date): number {
  const start = Date.UTC(from.getFullYear(), from.getMonth(), from.getDate());
  const end = Date.UTC(to.getFullYear(), to.getMonth(), to.getDate());
  return Math.round((end - start) / 86_400_000);
}
