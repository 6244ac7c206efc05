import { partOf } from "@mediary/media/viewers/state";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import type { Conversation } from "@/api/types";
import { MediaGalleryModal } from "@/features/gallery/MediaGalleryModal";
import { focusMainIfLost } from "@/lib/focusMain";
import { opening, useCloseLayer } from "@/lib/layer";

/** The media of a conversation, as the URL says. */
export function ConversationGallery({ conversation }: { conversation: Conversation | undefined }) {
  const { conversationId } = useParams({ from: "/inbox/c/$conversationId" });
  const { view, part = 0 } = useSearch({ from: "/inbox/c/$conversationId" });
  const navigate = useNavigate({ from: "/c/$conversationId" });
  const closeView = useCloseLayer(
    "view",
    () => void navigate({ search: ({ view: _, part: __, ...rest }) => rest, replace: true, state: true }),
  );
  const close = useCloseLayer(
    "gallery",
    () => void navigate({ search: ({ gallery: _, ...rest }) => rest, replace: true, state: true }),
  );
  return (
    <MediaGalleryModal
      conversationId={conversationId}
      conversation={conversation}
      viewed={view === undefined ? null : { messageId: view, part }}
      view={(file, replace = false) => {
        if (file === null) return closeView();
        void navigate({
          search: ({ part: _, ...rest }) => ({ ...rest, view: file.messageId, ...partOf(file) }),
          ...(replace ? { replace, state: true } : { state: opening("view") }),
        });
      }}
      jump={({ messageId }) =>
        void navigate({
          search: ({ view: _, part: __, gallery: ___, info: ____, ...rest }) => ({
            ...rest,
            m: messageId,
            back: "gallery",
          }),
        }).then(focusMainIfLost)
      }
      onClose={() => close()}
    />
  );
}
