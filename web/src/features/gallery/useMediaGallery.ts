import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { type GalleryScope, galleryQuery } from "@/api/gallery";
import type { MediaFile } from "@/api/types";
import { useGallery } from "@/features/gallery/store";

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
  const files = useMemo(() => (data ? unique(data.pages.flatMap(({ items }) => items)) : NONE), [data]);
  const indexes = useMemo(() => new Map(files.map(({ id }, at) => [id, at])), [files]);
  const idle = !isFetching && !isError;
  return {
    query,
    files,
    /** Where in the list a file stands, by its id. */
    indexes,
    byMonth: sort === "date",
    loadAfter: () => {
      if (hasNextPage && idle) void query.fetchNextPage();
    },
    loadBefore: () => {
      if (hasPreviousPage && idle) void query.fetchPreviousPage();
    },
  };
}

export type MediaGalleryData = ReturnType<typeof useMediaGallery>;

/** A file that came while pages were fetched may stand on two of them. Files of the library belong to no message. */
function unique(files: MediaFile[]): MediaFile[] {
  const seen = new Set<number>();
  return files.filter(({ id, messageId }) => messageId !== null && !seen.has(id) && seen.add(id));
}
