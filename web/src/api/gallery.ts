import {
  fetchPage,
  fetchSpan,
  type GalleryFilter,
  type GalleryList,
  type GalleryScope,
  type Position,
} from "@mediary/media/gallery/list";
import { api } from "@mediary/media/server/client";
import { cursorAfter } from "@mediary/media/server/pages";
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

/** Everything in a conversation or of the company, filtered and sorted by the server. */

export const galleryKeys = {
  all: ["gallery"] as const,
  list: ({ scope, filter, sort, order, start }: GalleryList) =>
    ["gallery", scope, filter, sort, order, start] as const,
  span: (scope: GalleryScope, filter: GalleryFilter) => ["gallery-span", scope, filter] as const,
};

export const galleryQuery = (list: GalleryList) =>
  infiniteQueryOptions({
    queryKey: galleryKeys.list(list),
    initialPageParam: { side: "after" } as Position,
    queryFn: ({ pageParam, signal }) => fetchPage(list, pageParam, signal),
    getNextPageParam: (page, _, { side }): Position | undefined => {
      const cursor = side === "after" ? cursorAfter(page) : undefined;
      return cursor === undefined ? undefined : { side: "after", cursor };
    },
    getPreviousPageParam: (page, _, { side }): Position | undefined => {
      if (list.start === null) return undefined;
      if (side === "after") return { side: "before" };
      const cursor = cursorAfter(page);
      return cursor === undefined ? undefined : { side: "before", cursor };
    },
  });

export const gallerySpanQuery = (scope: GalleryScope, filter: GalleryFilter) =>
  queryOptions({
    queryKey: galleryKeys.span(scope, filter),
    queryFn: ({ signal }) => fetchSpan(scope, filter, signal),
  });

/** A link to a zip of chosen files. */
export const createArchive = (ids: number[]) =>
  api.post<{ url: string }>("/api/media/archive", { body: { ids } });

export const deleteMedia = (id: number) => api.delete(`/api/media/${id}`);
