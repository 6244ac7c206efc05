import { clearSelection, galleryOf } from "@mediary/media/gallery/store";
import { IconButton } from "@mediary/media/ui/button";
import { PersonName } from "@mediary/media/ui/PersonName";
import { useModal } from "@mediary/media/ui/useModal";
import { X } from "lucide-react";
import type { Conversation } from "@/api/types";
import { MediaGallery } from "@/features/gallery/MediaGallery";
import type { GalleryNavigation, Viewed } from "@/features/gallery/navigation";
import { contactName } from "@/features/message/contact";
import { texts } from "@/texts";

type MediaGalleryModalProps = GalleryNavigation & {
  conversationId: number;
  conversation: Conversation | undefined;
  viewed: Viewed;
  onClose: () => void;
};

/** All files of a conversation, over its thread. */
export function MediaGalleryModal(props: MediaGalleryModalProps) {
  const { conversationId, conversation, onClose } = props;
  // Esc puts away the selection first.
  const close = () =>
    galleryOf(conversationId).selected.size > 0 ? clearSelection(conversationId) : onClose();
  const name = conversation ? contactName(conversation.contact) : "";
  const label = texts.gallery.of(name);
  return (
    <dialog
      {...useModal(close)}
      tabIndex={-1}
      aria-label={label}
      className="m-auto h-dvh max-h-none w-screen max-w-none overflow-hidden bg-page p-0 text-text outline-none backdrop:bg-black/45 md:h-[calc(100dvh-3rem)] md:w-[calc(100vw-3rem)] md:max-w-350 md:rounded-2xl md:border md:border-line md:shadow-float"
    >
      <div className="flex h-full flex-col">
        <MediaGallery
          scope={conversationId}
          viewed={props.viewed}
          view={props.view}
          jump={props.jump}
          label={label}
          name={name}
          title={
            <h2 className="flex min-w-0 items-baseline gap-2 font-semibold text-base">
              {texts.gallery.title}{" "}
              <PersonName name={name} className="truncate font-normal text-muted text-sm" />
            </h2>
          }
          after={
            <IconButton label={texts.gallery.close} onClick={onClose}>
              <X className="size-5" />
            </IconButton>
          }
        />
      </div>
    </dialog>
  );
}
