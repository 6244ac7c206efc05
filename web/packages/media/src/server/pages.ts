import type { Page } from "../types";
import { api, type QueryParameters } from "./client";

type PageRequest = { query: QueryParameters; signal: AbortSignal };

/**
 * The next page of a list that is filtered by words: the server looks at so many records for each, and may find none in them although
 * more follow.
 */
export async function nextFilledPage<T>(path: string, { query, signal }: PageRequest): Promise<Page<T>> {
  let page = await api.get<Page<T>>(path, { query, signal });
  for (let cursor = cursorAfter(page); page.items.length === 0 && cursor; cursor = cursorAfter(page))
    page = await api.get<Page<T>>(path, { query: { ...query, cursor }, signal });
  return page;
}

export function cursorAfter<T>(page: Page<T>): string | undefined {
  return page.hasMore && page.nextCursor !== null ? page.nextCursor : undefined;
}
