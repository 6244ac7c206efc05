import { cursorAfter } from "../server/pages";
import type { MediaFile } from "../types";
import { type GalleryFiles, indexesOf, uniqueFiles } from "./files";
import { fetchPage, type GalleryList, type Position } from "./list";

/** Where a further page begins; undefined is nowhere. */
type Next = { after: Position | undefined; before: Position | undefined };
type Side = keyof Next;

export type PagedState = Omit<GalleryFiles, "loadAfter" | "loadBefore"> & {
  /** Nothing is known yet. */
  isPending: boolean;
};

/** A list of files that is loaded page by page, in both directions where it was opened in its middle. */
export class PagedFiles {
  readonly #list: GalleryList;
  readonly #listeners = new Set<() => void>();
  #next: Next = { after: { side: "after" }, before: undefined };
  #left = new AbortController();
  #state: PagedState;

  constructor(list: GalleryList) {
    this.#list = list;
    this.#state = {
      files: [],
      indexes: new Map(),
      byMonth: list.sort === "date",
      busy: false,
      hasMore: true,
      isPending: true,
      error: null,
      retry: () => this.#load("after"),
      retryMore: null,
    };
  }

  readonly state = (): PagedState => this.#state;

  readonly subscribe = (changed: () => void): (() => void) => {
    this.#listeners.add(changed);
    if (this.#state.isPending) this.#load("after");
    return () => {
      this.#listeners.delete(changed);
      if (this.#listeners.size > 0) return;
      this.#left.abort();
      this.#left = new AbortController();
      this.#state = { ...this.#state, busy: false };
    };
  };

  readonly loadAfter = (): void => this.#more("after");
  readonly loadBefore = (): void => this.#more("before");

  /** What failed is loaded again by hand only. */
  #more(side: Side): void {
    const { busy, isPending, error, retryMore } = this.#state;
    if (!busy && !isPending && error === null && retryMore === null) this.#load(side);
  }

  #load(side: Side): void {
    const position = this.#next[side];
    if (position === undefined || this.#state.busy) return;
    this.#set({ busy: true, error: null, retryMore: null });
    const { signal } = this.#left;
    fetchPage(this.#list, position, signal).then(
      (page) => {
        if (signal.aborted) return;
        const cursor = cursorAfter(page);
        const isFirst = this.#state.isPending;
        this.#next[side] = cursor === undefined ? undefined : { side, cursor };
        if (isFirst && this.#list.start !== null) this.#next.before = { side: "before" };
        this.#put(
          side === "after" ? [...this.#state.files, ...page.items] : [...page.items, ...this.#state.files],
        );
      },
      (error: Error) => {
        if (signal.aborted) return;
        const again = () => this.#load(side);
        this.#set({ busy: false, ...(this.#state.isPending ? { error } : { retryMore: again }) });
      },
    );
  }

  #put(all: MediaFile[]): void {
    const files = uniqueFiles(all);
    const hasMore = this.#next.after !== undefined;
    this.#set({ files, indexes: indexesOf(files), busy: false, isPending: false, hasMore });
  }

  #set(fields: Partial<PagedState>): void {
    this.#state = { ...this.#state, ...fields };
    for (const tell of this.#listeners) tell();
  }
}
