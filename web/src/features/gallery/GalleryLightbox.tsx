import type { GalleryScope } from "@mediary/media/gallery/list";
import { change } from "@mediary/media/gallery/store";
import { useLoadMore } from "@mediary/media/lib/useLoadMore";
import { ImageLightbox } from "@mediary/media/viewers/ImageLightbox";
import type { MediaFile } from "@/api/types";
import { ShortcutSheet } from "@/components/ui/shortcut-sheet";
import type { GalleryNavigation, Viewed } from "@/features/gallery/navigation";
import type { MediaGalleryData } from "@/features/gallery/useMediaGallery";
import { useAbout } from "@/features/media/useAbout";
import { useMediaByMessage } from "@/features/media/useMedia";
import { texts } from "@/texts";

/** Files left before the end when the next page is asked for. */
const AHEAD = 5;

type GalleryLightboxProps = Pick<GalleryNavigation, "view" | "jump"> & {
  scope: GalleryScope;
  gallery: MediaGalleryData;
  viewed: NonNullable<Viewed>;
};

/** One file of the gallery over everything; the arrows lead through the list as it is filtered and sorted, on and on. */
export function GalleryLightbox({ scope, gallery, viewed, view, jump }: GalleryLightboxProps) {
  const { files, query } = gallery;
  const { messageId, part } = viewed;
  const about = useAbout(messageId);
  const own = useMediaByMessage(messageId, part);
  const at = files.findIndex((file) => file.messageId === messageId && file.part === part);
  const current = files[at] ?? own.data;
  useLoadMore(at !== -1 && at >= files.length - AHEAD, gallery.loadAfter);
  useLoadMore(at !== -1 && at < AHEAD, gallery.loadBefore);
  const isWhole = !query.hasNextPage && !query.hasPreviousPage;
  const show = (file: MediaFile | undefined) => {
    if (!file) return;
    change(scope, { cursor: file.id });
    view(file, true);
  };
  return (
    <ImageLightbox
      label={texts.gallery.lightbox}
      words={texts.lightbox.inGallery}
      neighbours={{
        current,
        error: own.error,
        retry: () => void own.refetch(),
        before: at > 0 ? files[at - 1] : undefined,
        after: at === -1 ? undefined : files[at + 1],
        first: at === -1 ? undefined : files[0],
        last: at === -1 ? undefined : files.at(-1),
        counter: at === -1 || !isWhole ? null : { at: at + 1, of: files.length },
      }}
      name={`${messageId}-${part}`}
      about={about}
      show={show}
      onClose={() => view(null)}
      onJump={() => current && jump(current)}
      help={(close) => <ShortcutSheet onClose={close} />}
    />
  );
}
