import { indexesOf, uniqueFiles } from "@mediary/media/gallery/files";
import type { GalleryScope } from "@mediary/media/gallery/list";
import { useGallery } from "@mediary/media/gallery/store";
import { type UseInfiniteQueryResult, useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { galleryQuery } from "@/api/gallery";
import type { MediaFile } from "@/api/types";

const NONE: MediaFile[] = [];

/** The files of a gallery as far as they are loaded, in its order, and the ways to load more of them. */
export function useMediaGallery(scope: GalleryScope) {
  const filter = useGallery(scope, (state) => state.filter);
  const sort = useGallery(scope, (state) => state.sort);
  const order = useGallery(scope, (state) => state.order);
  const start = useGallery(scope, (state) => state.start);
  const query = useInfiniteQuery({
    ...galleryQuery({ scope, filter, sort, order, start }),
    // Until another list is there the last one of the same files stays, but never those of somebody else.
    placeholderData: (last, before) => (before?.queryKey[1] === scope ? last : undefined),
  });
  const { data, isFetching, isError, hasNextPage, hasPreviousPage } = query;
  const files = useMemo(() => (data ? uniqueFiles(data.pages.flatMap(({ items }) => items)) : NONE), [data]);
  const indexes = useMemo(() => indexesOf(files), [files]);
  const idle = !isFetching && !isError;
  return {
    query,
    files,
    indexes,
    byMonth: sort === "date",
    busy: isFetching,
    hasMore: hasNextPage,
    error: query.error,
    retry: () => void query.refetch(),
    retryMore: moreAgain(query),
    loadAfter: () => {
      if (hasNextPage && idle) void query.fetchNextPage();
    },
    loadBefore: () => {
      if (hasPreviousPage && idle) void query.fetchPreviousPage();
    },
  };
}

export type MediaGalleryData = ReturnType<typeof useMediaGallery>;

type Paged = Pick<
  UseInfiniteQueryResult,
  "isFetchNextPageError" | "isFetchPreviousPageError" | "fetchNextPage" | "fetchPreviousPage"
>;

function moreAgain(query: Paged): (() => void) | null {
  if (query.isFetchNextPageError) return () => void query.fetchNextPage();
  return query.isFetchPreviousPageError ? () => void query.fetchPreviousPage() : null;
}
