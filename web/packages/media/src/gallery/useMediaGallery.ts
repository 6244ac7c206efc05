import { useMemo, useState, useSyncExternalStore } from "react";
import { useAnswer } from "../lib/useAnswer";
import { useRecords } from "../server/services";
import type { GalleryFiles } from "./files";
import { fetchSpan, type GalleryList, type GalleryScope } from "./list";
import { type Months, monthsOf } from "./months";
import { PagedFiles } from "./pagedFiles";
import { useGallery } from "./store";

export type MediaGalleryData = GalleryFiles & {
  /** Tells the list that is shown from others. */
  name: string;
  /** Nothing is known yet. */
  isPending: boolean;
  /** What a scrubber leads through; null where there is nothing to lead through. */
  months: Months | null;
};

/** The files of a conversation or of the company, as the gallery's own store says they are filtered and sorted. */
export function useMediaGallery(scope: GalleryScope): MediaGalleryData {
  const filter = useGallery(scope, (state) => state.filter);
  const sort = useGallery(scope, (state) => state.sort);
  const order = useGallery(scope, (state) => state.order);
  const start = useGallery(scope, (state) => state.start);
  const list = useMemo(() => ({ scope, filter, sort, order, start }), [scope, filter, sort, order, start]);
  const name = JSON.stringify(list);
  const files = useMediaList(list);
  const asked = sort === "date" ? JSON.stringify([scope, filter]) : null;
  const span = useAnswer(asked, (signal) => fetchSpan(scope, filter, signal));
  return { ...files, name, months: span && monthsOf(span, order) };
}

/** The files of a list, page by page. */
export function useMediaList(list: GalleryList): GalleryFiles & { isPending: boolean } {
  const name = JSON.stringify(list);
  const [kept, keep] = useState(() => ({ name, paged: new PagedFiles(list) }));
  let current = kept;
  if (kept.name !== name) {
    current = { name, paged: new PagedFiles(list) };
    keep(current);
  }
  const { paged } = current;
  const state = useSyncExternalStore(paged.subscribe, paged.state);
  const newer = useRecords(({ byId }) => byId);
  const files = useMemo(() => state.files.map((file) => newer.get(file.id) ?? file), [state.files, newer]);
  return { ...state, files, loadAfter: paged.loadAfter, loadBefore: paged.loadBefore };
}
