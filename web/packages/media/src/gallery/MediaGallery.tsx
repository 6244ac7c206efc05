import { useState } from "react";
import { texts } from "../texts";
import type { MediaFile } from "../types";
import { ImageLightbox } from "../viewers/ImageLightbox";
import { useAbout } from "../viewers/useAbout";
import { GalleryFailed, GallerySkeleton, NoMedia } from "./GalleryStates";
import type { GalleryScope } from "./list";
import { MediaGalleryGrid } from "./MediaGalleryGrid";
import { MediaGalleryTable } from "./MediaGalleryTable";
import { useGallery } from "./store";
import { type MediaGalleryData, useMediaGallery } from "./useMediaGallery";

type MediaGalleryProps = {
  /** The id of a conversation, or "company" for all that the page may see. */
  scope: GalleryScope;
  /** What a screen reader calls the list. */
  label?: string;
  /** A file is about to be opened large; what answers false opens it in its own way. */
  onOpen?: (media: MediaFile) => unknown;
  /** Shows the message of a file; without it there is no such button. */
  onJump?: (media: MediaFile) => void;
};

/** Files left beyond the one that is open large when the next page is asked for. */
const AHEAD = 5;

/** Every file of a conversation or of the company, as a grid by month or as a table; fills the box around it. */
export function MediaGallery({ scope, label = texts.lightbox.label, onOpen, onJump }: MediaGalleryProps) {
  const gallery = useMediaGallery(scope);
  const view = useGallery(scope, (state) => state.view);
  const [opened, setOpened] = useState<number | null>(null);
  const { name, months } = gallery;
  const open = (file: MediaFile) => {
    if (onOpen?.(file) !== false) setOpened(file.id);
  };
  const list = { scope, name, gallery, label, onOpen: open, selectable: false };
  const jump = onJump ? { onJump } : {};
  return (
    <div className="flex h-full min-h-0 flex-col bg-page">
      {gallery.isPending && gallery.error === null ? (
        <GallerySkeleton view={view} />
      ) : gallery.error !== null && gallery.files.length === 0 ? (
        <GalleryFailed gallery={gallery} />
      ) : gallery.files.length === 0 ? (
        <NoMedia scope={scope} />
      ) : view === "grid" ? (
        <MediaGalleryGrid {...list} months={months} />
      ) : (
        <MediaGalleryTable {...list} {...jump} />
      )}
      {opened !== null && <Large gallery={gallery} opened={opened} show={setOpened} {...jump} />}
    </div>
  );
}

type LargeProps = {
  gallery: MediaGalleryData;
  opened: number;
  show: (mediaId: number | null) => void;
  onJump?: (media: MediaFile) => void;
};

/** One file over everything; the arrows lead through the list, on and on. */
function Large({ gallery, opened, show, onJump }: LargeProps) {
  const { files, indexes } = gallery;
  const at = indexes.get(opened) ?? -1;
  const current = files[at];
  const about = useAbout(current ?? null);
  const toFile = (file: MediaFile | undefined) => {
    if (!file) return;
    show(file.id);
    const next = indexes.get(file.id) ?? 0;
    if (next >= files.length - AHEAD) gallery.loadAfter();
    if (next < AHEAD) gallery.loadBefore();
  };
  return (
    <ImageLightbox
      label={texts.gallery.lightbox}
      words={texts.lightbox.inGallery}
      neighbours={{
        current,
        error: null,
        retry: gallery.retry,
        before: at > 0 ? files[at - 1] : undefined,
        after: at === -1 ? undefined : files[at + 1],
        first: files[0],
        last: files.at(-1),
        counter: at === -1 || gallery.hasMore ? null : { at: at + 1, of: files.length },
      }}
      name={`${opened}`}
      about={about}
      show={toFile}
      onClose={() => show(null)}
      {...(onJump && current ? { onJump: () => onJump(current) } : {})}
    />
  );
}
