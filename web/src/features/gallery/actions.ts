import type { GalleryScope } from "@mediary/media/gallery/list";
import { change, clearSelection, deselect, galleryOf } from "@mediary/media/gallery/store";
import { asSentence } from "@mediary/media/lib/sentence";
import { reasonOf } from "@mediary/media/ui/states";
import type { QueryClient } from "@tanstack/react-query";
import { createArchive, deleteMedia } from "@/api/gallery";
import { forwardMessage } from "@/api/send";
import type { MediaFile } from "@/api/types";
import { putFile } from "@/live/files";
import { texts } from "@/texts";

/** What is done with the selected files. What came of it is said in the gallery itself: it may be a dialog, over any toast. */

const PARALLEL = 4;

const sentenceOf = (error: unknown) => asSentence(reasonOf(error instanceof Error ? error : null));

/** Asks for a zip and hands it to the browser's own downloads. */
export async function downloadZip(scope: GalleryScope): Promise<void> {
  const ids = [...galleryOf(scope).selected.keys()];
  change(scope, { notice: texts.gallery.zipping });
  try {
    const { url } = await createArchive(ids);
    const link = document.createElement("a");
    // By the address at which the inbox was reached: the link may name the server by another one.
    Object.assign(link, { href: new URL(url, location.href).pathname, download: "" });
    link.click();
    change(scope, { notice: texts.gallery.zipBegun(ids.length) });
  } catch (error) {
    change(scope, { notice: texts.gallery.zipFailed(sentenceOf(error)) });
  }
}

/** Deletes what is selected. What could not be deleted stays selected, and is said. */
export async function deleteSelected(scope: GalleryScope, client: QueryClient): Promise<void> {
  const waiting = [...galleryOf(scope).selected.values()];
  const gone: number[] = [];
  let failure: unknown = null;
  const work = async () => {
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      try {
        await deleteMedia(file.id);
        gone.push(file.id);
        putFile(client, { ...file, isActive: false });
      } catch (error) {
        failure = error;
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  deselect(scope, gone);
  const left = galleryOf(scope).selected.size;
  const notice =
    failure === null
      ? texts.gallery.removed(gone.length)
      : texts.gallery.removeFailed(left, sentenceOf(failure));
  change(scope, { notice });
}

/** Sends the messages of files on, one after the other, as each stands on its own at WhatsApp. */
export async function forwardFiles(
  scope: GalleryScope,
  files: Iterable<MediaFile>,
  conversationIds: number[],
  attempt: string,
): Promise<void> {
  const messages = new Set([...files].map(({ messageId }) => messageId));
  for (const messageId of messages) {
    await forwardMessage(messageId, conversationIds, `${attempt}-${messageId}`);
  }
  clearSelection(scope);
  change(scope, { notice: texts.forward.done(conversationIds.length) });
}
