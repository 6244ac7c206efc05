import { useWidth } from "../lib/useSize";
import { texts } from "../texts";
import { Button } from "../ui/button";
import { ErrorState, Skeleton } from "../ui/states";
import type { GalleryFiles } from "./files";
import { columnsFor, GAP_PX } from "./layout";
import type { GalleryScope } from "./list";
import { changeFilter, type GalleryView, isFiltered, NO_FILTER, useGallery } from "./store";

const SKELETON_ROWS = 4;
const SKELETON_LINES = 10;

/** The shape of what will be there, in its size. */
export function GallerySkeleton({ view }: { view: GalleryView }) {
  return (
    <div role="status" aria-label={texts.gallery.loading} className="min-h-0 flex-1 overflow-hidden">
      {view === "grid" ? <GridSkeleton /> : <TableSkeleton />}
    </div>
  );
}

function GridSkeleton() {
  const [measured, width] = useWidth();
  const { count, tile } = columnsFor((width ?? 0) - 60);
  return (
    <div ref={measured} className="ps-3">
      <Skeleton className="my-3 h-4 w-32" />
      {width !== null && (
        <div className="flex flex-wrap" style={{ gap: GAP_PX, width: count * (tile + GAP_PX) }}>
          {Array.from({ length: count * SKELETON_ROWS }, (_, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the tiles are all alike
            <Skeleton key={at} style={{ width: tile, height: tile }} />
          ))}
        </div>
      )}
    </div>
  );
}

function TableSkeleton() {
  return (
    <div className="flex flex-col md:pt-9">
      {Array.from({ length: SKELETON_LINES }, (_, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all alike
        <div key={at} className="flex h-14 items-center gap-3 ps-13">
          <Skeleton className="size-11" />
          <Skeleton className="h-4" style={{ width: `${24 + ((at * 7) % 20)}%` }} />
        </div>
      ))}
    </div>
  );
}

/** Nothing to show: because there is nothing, or nothing with these filters. */
export function NoMedia({ scope }: { scope: GalleryScope }) {
  const filtered = useGallery(scope, ({ filter }) => isFiltered(filter));
  const title = filtered
    ? texts.gallery.nothingFound
    : scope === "company"
      ? texts.gallery.emptyCompany
      : texts.media.emptyConversation;
  return (
    <div className="flex min-h-0 flex-1 flex-col items-center justify-center gap-1.5 overflow-y-auto p-8 text-center">
      <EmptyAlbum />
      <p className="mt-3 text-balance font-semibold text-base">{title}</p>
      <p className="max-w-80 text-balance text-muted">
        {filtered ? texts.gallery.nothingFoundHint : texts.gallery.emptyHint}
      </p>
      {filtered && (
        <Button variant="soft" className="mt-3" onClick={() => changeFilter(scope, NO_FILTER)}>
          {texts.gallery.clearFilters}
        </Button>
      )}
    </div>
  );
}

/** An open album with nothing in it but the corners that would hold photos, and a little harbour drawn on its page. */
function EmptyAlbum() {
  return (
    <svg aria-hidden="true" viewBox="0 0 240 150" className="w-60 max-w-full text-accent">
      <ellipse cx="120" cy="136" rx="96" ry="8" className="fill-text/8" />
      <g className="fill-surface stroke-line" strokeWidth="2">
        <path d="M120 34C98 22 62 20 28 26v94c34-6 70-4 92 8z" />
        <path d="M120 34c22-12 58-14 92-8v94c-34-6-70-4-92 8z" />
      </g>
      <path d="M120 34v94" className="stroke-line" strokeWidth="2" />
      <g className="fill-sunken stroke-line" strokeWidth="1.5">
        <path d="M46 46c17-2 36-1 54 3v50c-18-4-37-5-54-3z" />
      </g>
      <g fill="none" stroke="currentColor" strokeLinecap="round" strokeLinejoin="round" strokeWidth="2.5">
        <path d="M54 90c6-4 12-4 18 0s12 5 20 2" opacity=".55" />
        <path d="m62 84 12-16 6 8 5-6 8 12" />
        <circle cx="88" cy="60" r="3.500" />
      </g>
      <g fill="none" stroke="currentColor" strokeLinecap="round" strokeWidth="2.500" opacity=".8">
        <path d="M140 56v-9c3-1 6-1 9-1M184 45c3 0 6 0 9 1v9M193 88v9c-3 0-6-1-9-1M149 97c-3 0-6 0-9 1v-9" />
      </g>
      <g className="stroke-muted" fill="none" strokeLinecap="round" strokeWidth="2.500" opacity=".6">
        <path d="M155 71h23M160 79h13" />
      </g>
      <path
        d="M196 20c5-7 15-6 18 1 6-1 10 3 10 8s-4 8-9 8h-20c-6 0-10-4-10-9s5-9 11-8z"
        className="fill-raised stroke-line"
        strokeWidth="2"
      />
      <path d="m22 14 3 6 6 3-6 3-3 6-3-6-6-3 6-3z" className="fill-accent/45" />
    </svg>
  );
}

/** Below what is loaded: that the rest could not be had. */
export function MoreFailed({ gallery }: { gallery: GalleryFiles }) {
  if (gallery.retryMore === null) return null;
  return (
    <div
      role="alert"
      className="sticky bottom-4 mx-auto flex w-fit items-center gap-3 rounded-full border border-line bg-raised py-1 ps-4 pe-1 shadow-float"
    >
      {texts.gallery.moreFailed}
      <Button variant="soft" onClick={gallery.retryMore}>
        {texts.action.retry}
      </Button>
    </div>
  );
}

export function GalleryFailed({ gallery }: { gallery: GalleryFiles }) {
  return (
    <div className="min-h-0 flex-1">
      <ErrorState title={texts.media.loadFailed} error={gallery.error} retry={gallery.retry} />
    </div>
  );
}
