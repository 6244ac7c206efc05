import { nextFilledPage } from "../server/pages";
import type { FileType, MediaFile, Page } from "../types";

/** Everything in a conversation or of the company, filtered and sorted by the server. */

export type GalleryScope = number | "company";
export type GallerySort = "date" | "size" | "name";
export type GalleryOrder = "asc" | "desc";
export type DownloadStatus = MediaFile["downloadStatus"];
export type Direction = "inbound" | "outbound";

/** Of which files a gallery consists. Empty strings and lists are no limit; days are "2026-03-02", both inclusive. */
export type GalleryFilter = {
  types: readonly FileType[];
  status: DownloadStatus | "";
  direction: Direction | "";
  sender: string;
  fromDay: string;
  toDay: string;
  words: string;
};

/** What a list is asked for; `start` is the moment at which it opens, where it does not open at its beginning. */
export type GalleryList = {
  scope: GalleryScope;
  filter: GalleryFilter;
  sort: GallerySort;
  order: GalleryOrder;
  start: string | null;
};

/** Of a list that opens in its middle, "before" pages lead from there to its beginning: the same list the other way round. */
export type Position = { side: "after" | "before"; cursor?: string };

const PER_PAGE = 100;
/** Files of one zip of chosen ones, by the server's own limit. */
export const ARCHIVE_MAX = 1000;

/** One page of a list, in the order of the list. */
export async function fetchPage(
  list: GalleryList,
  position: Position,
  signal: AbortSignal,
): Promise<Page<MediaFile>> {
  const page = await askForPage(list, position, signal);
  return position.side === "after" ? page : { ...page, items: page.items.toReversed() };
}

function askForPage(list: GalleryList, { side, cursor }: Position, signal: AbortSignal) {
  const { scope, filter, sort, order, start } = list;
  const reversed = order === "asc" ? "desc" : "asc";
  const own = side === "after" ? order : reversed;
  const query = { ...queryOf(filter), sort, order: own, limit: PER_PAGE, cursor };
  // Newer files come later in ascending order: there the list begins at its start, else it ends before it.
  const edge = start === null ? {} : { [own === "asc" ? "from" : "to"]: start };
  return nextFilledPage<MediaFile>(pathOf(scope), { query: { ...query, ...edge }, signal });
}

export type GallerySpan = { newest: string; oldest: string } | null;

/** The times of the newest and the oldest file; null where there is none. */
export async function fetchSpan(
  scope: GalleryScope,
  filter: GalleryFilter,
  signal: AbortSignal,
): Promise<GallerySpan> {
  const first = async (order: GalleryOrder) => {
    const query = { ...queryOf(filter), sort: "date", order, limit: 1 };
    const page = await nextFilledPage<MediaFile>(pathOf(scope), { query, signal });
    return page.items[0]?.createdAt;
  };
  const [newest, oldest] = await Promise.all([first("desc"), first("asc")]);
  return newest && oldest ? { newest, oldest } : null;
}

function pathOf(scope: GalleryScope): string {
  return scope === "company" ? "/api/media" : `/api/conversations/${scope}/media`;
}

function queryOf(filter: GalleryFilter) {
  const { types, status, direction, sender, words } = filter;
  return { fileType: types, downloadStatus: status, direction, sender, q: words, ...timesOf(filter) };
}

/** Days of the person's own calendar. */
function timesOf({ fromDay, toDay }: GalleryFilter): { from?: string; to?: string } {
  return {
    ...(fromDay ? { from: startOfDay(fromDay) } : {}),
    ...(toDay ? { to: startOfDay(toDay, 1) } : {}),
  };
}

function startOfDay(day: string, later = 0): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date + later).toISOString();
}

/** The zip of a conversation's stored files; null where a filter says what it cannot be asked for. */
export function conversationArchiveUrl(conversationId: number, filter: GalleryFilter): string | null {
  const { types, status, direction, sender, words } = filter;
  if (direction || sender || words || (status && status !== "completed")) return null;
  const query = new URLSearchParams(timesOf(filter));
  for (const type of types) query.append("fileType", type);
  const path = `/api/conversations/${conversationId}/media/archive`;
  return query.size > 0 ? `${path}?${query}` : path;
}
