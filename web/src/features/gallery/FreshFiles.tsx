import type { GalleryScope } from "@mediary/media/gallery/list";
import { beginAgain, type GalleryState, useGallery } from "@mediary/media/gallery/store";
import { useQueryClient } from "@tanstack/react-query";
import { ArrowUp } from "lucide-react";
import { galleryKeys } from "@/api/gallery";
import type { MediaFile } from "@/api/types";
import type { MediaGalleryData } from "@/features/gallery/useMediaGallery";
import { forgetNewFiles, useNewFiles } from "@/live/newFiles";
import { texts } from "@/texts";

type FreshFilesProps = { scope: GalleryScope; gallery: MediaGalleryData; onShown: () => void };

/** Says that files came in since the list was fetched, and shows them to who asks: nothing moves by itself. */
export function FreshFiles({ scope, gallery, onShown }: FreshFilesProps) {
  const client = useQueryClient();
  const filter = useGallery(scope, (state) => state.filter);
  const arrived = useNewFiles(({ files }) => files);
  // In another order nobody looks at the newest, and a list that opens at a month does not show them.
  const atNewest = useGallery(
    scope,
    (state) => state.sort === "date" && state.order === "desc" && state.start === null,
  );
  const newest = gallery.files[0]?.createdAt ?? "";
  const isNew = (file: MediaFile) =>
    !gallery.indexes.has(file.id) && !(Date.parse(file.createdAt) < Date.parse(newest));
  const fresh = atNewest ? arrived.filter((file) => isNew(file) && mayBelong(file, scope, filter)) : [];
  if (fresh.length === 0 || gallery.query.isPending) return null;
  const show = () => {
    forgetNewFiles(new Set(fresh.map(({ id }) => id)));
    beginAgain(scope);
    void client.resetQueries({ queryKey: [...galleryKeys.all, scope] });
    onShown();
  };
  return (
    <div className="relative z-20 h-0">
      <button
        type="button"
        onClick={show}
        className="absolute inset-x-0 top-2 mx-auto flex h-9 w-fit animate-appear items-center gap-2 rounded-full border border-line bg-raised px-4 font-medium shadow-float hover:bg-hover pointer-coarse:h-11"
      >
        <ArrowUp aria-hidden="true" className="size-4" />
        {texts.gallery.fresh(fresh.length)}
      </button>
    </div>
  );
}

/** As far as that can be told here: whose words it has only the server knows. */
function mayBelong(file: MediaFile, scope: GalleryScope, filter: GalleryState["filter"]): boolean {
  const { types, status, direction, sender, toDay, words } = filter;
  return (
    file.isActive &&
    (scope === "company" || file.conversationId === scope) &&
    (types.length === 0 || types.includes(file.fileType)) &&
    (status === "" || status === file.downloadStatus) &&
    direction === "" &&
    sender === "" &&
    toDay === "" &&
    words === ""
  );
}
