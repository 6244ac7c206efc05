import { monthOf } from "./layout";
import type { GalleryOrder, GallerySpan } from "./list";

/** All months of a gallery, from the top to the bottom. */
export type Months = { first: number; last: number };

/** Null where there are not two of them. */
export function monthsOf(span: GallerySpan | undefined, order: GalleryOrder): Months | null {
  if (!span) return null;
  const [newest, oldest] = [monthOf(span.newest), monthOf(span.oldest)];
  if (newest === oldest) return null;
  return order === "desc" ? { first: newest, last: oldest } : { first: oldest, last: newest };
}
