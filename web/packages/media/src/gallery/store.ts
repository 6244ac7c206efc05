import { create } from "zustand";
import { recall, remember } from "../lib/storage";
import type { MediaFile } from "../types";
import { ARCHIVE_MAX, type GalleryFilter, type GalleryScope, type GallerySort } from "./list";

/** What a gallery shows beside its files: it is the same again after a look at a message and back. */

export type GalleryView = "grid" | "table";

export type GalleryState = {
  view: GalleryView;
  filter: GalleryFilter;
  sort: GallerySort;
  order: "asc" | "desc";
  /** The moment at which the list opens; null is its beginning. */
  start: string | null;
  /** How often it was asked for again. */
  round: number;
  selected: ReadonlyMap<number, MediaFile>;
  /** The file from which a range is selected. */
  from: number | null;
  /** The file that Tab reaches. */
  cursor: number | null;
  /** What came of the last action, in a sentence. */
  notice: string;
};

export const NO_FILTER: GalleryFilter = {
  types: [],
  status: "",
  direction: "",
  sender: "",
  fromDay: "",
  toDay: "",
  words: "",
};

const VIEW_KEY = "mediary.gallery";
/** Galleries that are remembered. */
const KEPT_MAX = 6;

function fresh(): GalleryState {
  return {
    view: recall(VIEW_KEY) === "table" ? "table" : "grid",
    filter: NO_FILTER,
    sort: "date",
    order: "desc",
    start: null,
    round: 0,
    selected: new Map(),
    from: null,
    cursor: null,
    notice: "",
  };
}

const FRESH = fresh();

export const useGalleries = create<{ byScope: ReadonlyMap<GalleryScope, GalleryState> }>(() => ({
  byScope: new Map(),
}));

export function useGallery<T>(scope: GalleryScope, select: (state: GalleryState) => T): T {
  return useGalleries(({ byScope }) => select(byScope.get(scope) ?? FRESH));
}

export function galleryOf(scope: GalleryScope): GalleryState {
  return useGalleries.getState().byScope.get(scope) ?? FRESH;
}

export function change(scope: GalleryScope, fields: Partial<GalleryState>): void {
  useGalleries.setState(({ byScope }) => {
    const next = new Map(byScope);
    const before = next.get(scope) ?? fresh();
    next.delete(scope);
    next.set(scope, { ...before, ...fields });
    const [oldest] = next.keys();
    if (next.size > KEPT_MAX && oldest !== undefined) next.delete(oldest);
    return { byScope: next };
  });
}

export function forgetGalleries(): void {
  useGalleries.setState({ byScope: new Map() });
  places.clear();
}

export function setView(scope: GalleryScope, view: GalleryView): void {
  remember(VIEW_KEY, view);
  change(scope, { view });
}

/** Another list begins at its beginning, and nothing of it is selected that is not in it. */
function changeList(scope: GalleryScope, fields: Partial<GalleryState>): void {
  places.delete(scope);
  change(scope, { start: null, cursor: null, from: null, ...fields });
}

export function changeFilter(scope: GalleryScope, fields: Partial<GalleryFilter>): void {
  changeList(scope, { filter: { ...galleryOf(scope).filter, ...fields }, selected: new Map(), notice: "" });
}

/** By a column: a second time it is the other way round. Newest, largest and A come first. */
export function changeSort(scope: GalleryScope, sort: GallerySort): void {
  const { sort: before, order } = galleryOf(scope);
  const first = sort === "name" ? "asc" : "desc";
  const other = order === "asc" ? "desc" : "asc";
  setSort(scope, sort, before === sort ? other : first);
}

export function setSort(scope: GalleryScope, sort: GallerySort, order: GalleryState["order"]): void {
  changeList(scope, { sort, order });
}

/** Opens the list by date at another moment. */
export function openAt(scope: GalleryScope, start: string | null): void {
  changeList(scope, { start });
}

/** Opens the list at its beginning, to be read from there. */
export function beginAgain(scope: GalleryScope): void {
  changeList(scope, { start: null, round: galleryOf(scope).round + 1 });
}

export function isFiltered({ types, ...filter }: GalleryFilter): boolean {
  return types.length > 0 || Object.values(filter).some((value) => value !== "");
}

export function clearSelection(scope: GalleryScope): void {
  change(scope, { selected: new Map(), from: null });
}

/** Selects a file, or no longer. False where there are too many. */
export function toggle(scope: GalleryScope, file: MediaFile): boolean {
  const selected = new Map(galleryOf(scope).selected);
  const fits = selected.delete(file.id) || selected.size < ARCHIVE_MAX;
  if (fits && !galleryOf(scope).selected.has(file.id)) selected.set(file.id, file);
  change(scope, { selected, from: file.id, cursor: file.id });
  return fits;
}

/** Selects all between the file that was selected last and this one. False where there are too many. */
export function selectTo(scope: GalleryScope, files: MediaFile[], to: MediaFile): boolean {
  const { from, selected: before } = galleryOf(scope);
  const start = files.findIndex(({ id }) => id === (from ?? to.id));
  const end = files.findIndex(({ id }) => id === to.id);
  if (start === -1 || end === -1) return toggle(scope, to);
  const range = files.slice(Math.min(start, end), Math.max(start, end) + 1);
  return add(scope, before, range, { from: from ?? to.id, cursor: to.id });
}

export function selectAll(scope: GalleryScope, files: MediaFile[]): boolean {
  return add(scope, galleryOf(scope).selected, files, {});
}

function add(
  scope: GalleryScope,
  before: ReadonlyMap<number, MediaFile>,
  files: MediaFile[],
  fields: Partial<GalleryState>,
): boolean {
  const selected = new Map(before);
  for (const file of files) {
    if (selected.size >= ARCHIVE_MAX) break;
    selected.set(file.id, file);
  }
  change(scope, { selected, ...fields });
  return files.every(({ id }) => selected.has(id));
}

/** Drops files that are gone from the selection. */
export function deselect(scope: GalleryScope, ids: readonly number[]): void {
  const selected = new Map(galleryOf(scope).selected);
  for (const id of ids) selected.delete(id);
  change(scope, { selected });
}

/** Where somebody has scrolled to: the file at the top, and how far it is scrolled. No state: nothing is drawn by it. */
export type Place = { fileId: number; offset: number };

const places = new Map<GalleryScope, Place>();

export const placeOf = (scope: GalleryScope): Place | undefined => places.get(scope);

export function keepPlace(scope: GalleryScope, place: Place | null): void {
  if (place === null) places.delete(scope);
  else places.set(scope, place);
}
