import { GalleryFailed, GallerySkeleton, NoMedia } from "@mediary/media/gallery/GalleryStates";
import { conversationArchiveUrl, type GalleryScope } from "@mediary/media/gallery/list";
import { MediaGalleryGrid } from "@mediary/media/gallery/MediaGalleryGrid";
import { MediaGalleryTable } from "@mediary/media/gallery/MediaGalleryTable";
import { type Months, monthsOf } from "@mediary/media/gallery/months";
import {
  change,
  clearSelection,
  type GalleryState,
  galleryOf,
  setSort,
  setView,
  useGallery,
} from "@mediary/media/gallery/store";
import { IconButton, iconButton } from "@mediary/media/ui/button";
import { PersonName } from "@mediary/media/ui/PersonName";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { clsx } from "clsx";
import { Download, Grid2x2, Rows3, SlidersHorizontal } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useCallback, useRef, useState } from "react";
import { galleryKeys, gallerySpanQuery } from "@/api/gallery";
import { messageQuery } from "@/api/queries";
import type { MediaFile } from "@/api/types";
import { FreshFiles } from "@/features/gallery/FreshFiles";
import { GalleryFilters, GallerySearch } from "@/features/gallery/GalleryFilters";
import { GalleryLightbox } from "@/features/gallery/GalleryLightbox";
import type { GalleryNavigation, Viewed } from "@/features/gallery/navigation";
import { SelectionBar } from "@/features/gallery/SelectionBar";
import { type MediaGalleryData, useMediaGallery } from "@/features/gallery/useMediaGallery";
import { senderOf } from "@/features/message/people";
import { texts } from "@/texts";

type MediaGalleryProps = GalleryNavigation & {
  scope: GalleryScope;
  /** The file that is open large. */
  viewed: Viewed;
  title: ReactNode;
  /** What a screen reader calls the list. */
  label: string;
  /** Whose files they are, where it is one person's conversation. */
  name?: string;
  /** Beside the title. */
  before?: ReactNode;
  after?: ReactNode;
};

/** Every file of a conversation or of the company: found, looked at, selected, and taken along. */
export function MediaGallery(props: MediaGalleryProps) {
  const { scope, viewed, title, label, name, before, after, view } = props;
  const jump = (file: MediaFile) => {
    // The way back leads to the file from which it went.
    change(scope, { cursor: file.id, notice: "" });
    props.jump(file);
  };
  const gallery = useMediaGallery(scope);
  const root = useRef<HTMLDivElement>(null);
  // A dialog lies over those that were opened before it: the one around this has to be.
  const [placed, setPlaced] = useState(false);
  const place = useCallback((element: HTMLDivElement | null) => {
    root.current = element;
    setPlaced(element !== null);
  }, []);
  const toFiles = () => focusFiles(root.current);
  const notice = useGallery(scope, (state) => state.notice);
  const [filtersShown, showFilters] = useState(false);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || galleryOf(scope).selected.size === 0) return;
    // Before anything around it is closed.
    event.preventDefault();
    clearSelection(scope);
    toFiles();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the key is that of whatever has the focus in it
    <div
      ref={place}
      tabIndex={-1}
      onKeyDown={onKeyDown}
      className="relative flex min-h-0 flex-1 flex-col outline-none"
    >
      <header className="flex shrink-0 flex-col gap-2 border-line border-b bg-surface px-3 py-2.5 md:px-4">
        <div className="flex flex-wrap items-center gap-x-2 gap-y-2">
          {before}
          <div className="me-auto min-w-0 max-md:flex-1">{title}</div>
          <span className="flex items-center md:order-last">
            {gallery.files.length > 0 && <DownloadAll scope={scope} />}
            <ViewToggle scope={scope} />
            <IconButton
              label={texts.gallery.filters}
              aria-expanded={filtersShown}
              onClick={() => showFilters(!filtersShown)}
              className="md:hidden"
            >
              <SlidersHorizontal className="size-4.5" />
            </IconButton>
            {after}
          </span>
          <div className="flex min-w-0 items-center gap-2 max-md:w-full md:w-110">
            <GallerySearch scope={scope} busy={gallery.query.isPlaceholderData} />
            <SortField scope={scope} />
          </div>
        </div>
        <div className={clsx(!filtersShown && "max-md:hidden")}>
          <GalleryFilters scope={scope} name={name} />
        </div>
      </header>
      <p role="status" className={clsx("shrink-0 bg-selected px-4 text-sm", notice && "py-1.5")}>
        {notice}
      </p>
      {/* Its list is fetched again: until that is here, the gallery itself has the focus. */}
      <FreshFiles scope={scope} gallery={gallery} onShown={() => root.current?.focus()} />
      <Files
        scope={scope}
        gallery={gallery}
        label={label}
        onOpen={(file) => {
          change(scope, { cursor: file.id });
          view(file);
        }}
        onJump={jump}
      />
      <SelectionBar scope={scope} onJump={jump} onDone={toFiles} />
      {placed && viewed && (
        <GalleryLightbox scope={scope} gallery={gallery} viewed={viewed} view={view} jump={jump} />
      )}
    </div>
  );
}

/** Leads a keyboard user to the file that Tab would reach. */
function focusFiles(root: HTMLElement | null): void {
  const file = root?.querySelector<HTMLElement>('[data-file][tabindex="0"]');
  (file ?? root)?.focus({ preventScroll: true });
}

type FilesProps = {
  scope: GalleryScope;
  gallery: MediaGalleryData;
  label: string;
  onOpen: (file: MediaFile) => void;
  onJump: (file: MediaFile) => void;
};

function Files(props: FilesProps) {
  const { scope, gallery } = props;
  const view = useGallery(scope, (state) => state.view);
  const name = useListName(scope, gallery.query.isPlaceholderData);
  const months = useMonths(scope, gallery.byMonth);
  if (gallery.query.isPending) return <GallerySkeleton view={view} />;
  if (gallery.query.isError && gallery.files.length === 0) return <GalleryFailed gallery={gallery} />;
  if (gallery.files.length === 0) return <NoMedia scope={scope} />;
  return (
    <div
      className={clsx(
        "flex min-h-0 flex-1 flex-col transition-opacity",
        gallery.query.isPlaceholderData && "opacity-45",
      )}
    >
      {view === "grid" ? (
        <MediaGalleryGrid name={name} {...props} months={months} />
      ) : (
        <MediaGalleryTable
          name={name}
          {...props}
          sender={({ messageId }, settled) => <Sender messageId={messageId} settled={settled} />}
        />
      )}
    </div>
  );
}

/** Who sent it stands with its message; asked once the line stands still. */
function Sender({ messageId, settled }: { messageId: number; settled: boolean }) {
  const client = useQueryClient();
  const { data } = useQuery({ ...messageQuery(messageId, client), enabled: settled });
  if (!data) return null;
  return (
    <span className="block truncate">
      <PersonName name={senderOf(data, undefined)} />
    </span>
  );
}

/** All months of the gallery; null where there are not two of them. */
function useMonths(scope: GalleryScope, byMonth: boolean): Months | null {
  const filter = useGallery(scope, (state) => state.filter);
  const order = useGallery(scope, (state) => state.order);
  const { data: span } = useQuery({ ...gallerySpanQuery(scope, filter), enabled: byMonth });
  return byMonth ? monthsOf(span, order) : null;
}

/** Tells the list that is shown from others: another one begins at its start. While the next one is fetched the last one stays. */
function useListName(scope: GalleryScope, stale: boolean): string {
  const filter = useGallery(scope, (state) => state.filter);
  const sort = useGallery(scope, (state) => state.sort);
  const order = useGallery(scope, (state) => state.order);
  const start = useGallery(scope, (state) => state.start);
  const round = useGallery(scope, (state) => state.round);
  const wanted = JSON.stringify([round, ...galleryKeys.list({ scope, filter, sort, order, start })]);
  const [shown, setShown] = useState(wanted);
  if (!stale && shown !== wanted) setShown(wanted);
  return shown;
}

function ViewToggle({ scope }: { scope: GalleryScope }) {
  const view = useGallery(scope, (state) => state.view);
  const views = [
    ["grid", Grid2x2],
    ["table", Rows3],
  ] as const;
  return views.map(([one, Icon]) => (
    <IconButton
      key={one}
      label={texts.gallery.view[one]}
      aria-pressed={view === one}
      onClick={() => setView(scope, one)}
      className={view === one ? "bg-selected text-accent-strong!" : undefined}
    >
      <Icon className="size-4.5" />
    </IconButton>
  ));
}

function DownloadAll({ scope }: { scope: GalleryScope }) {
  const filter = useGallery(scope, (state) => state.filter);
  const url = scope === "company" ? null : conversationArchiveUrl(scope, filter);
  if (url === null) return null;
  return (
    <a
      href={url}
      download
      aria-label={texts.gallery.downloadAll}
      title={texts.gallery.downloadAll}
      className={iconButton}
    >
      <Download aria-hidden="true" className="size-4.5" />
    </a>
  );
}

const SORTS = ["date-desc", "date-asc", "size-desc", "size-asc", "name-asc", "name-desc"] as const;

function SortField({ scope }: { scope: GalleryScope }) {
  const value = useGallery(scope, ({ sort, order }) => `${sort}-${order}`);
  return (
    <select
      aria-label={texts.gallery.sort.label}
      value={value}
      onChange={({ target }) => {
        const [sort, order] = target.value.split("-") as [GalleryState["sort"], GalleryState["order"]];
        setSort(scope, sort, order);
      }}
      className="h-9 shrink-0 rounded-lg border border-line bg-surface px-2.5 pointer-coarse:h-11"
    >
      {SORTS.map((one) => (
        <option key={one} value={one}>
          {texts.gallery.sort[one]}
        </option>
      ))}
    </select>
  );
}
