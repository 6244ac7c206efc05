import { isControl, useShortcuts } from "@mediary/media/lib/shortcuts";
import { ApiError } from "@mediary/media/server/client";
import { toggleAudio } from "@mediary/media/viewers/playback";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { conversationQuery } from "@/api/queries";
import { BackStrip } from "@/app/BackStrip";
import { useDetails } from "@/app/useDetails";
import { focusConversations } from "@/features/conversations/focus";
import { DetailsPane } from "@/features/details/DetailsPane";
import { contactName } from "@/features/message/contact";
import { ThreadPane } from "@/features/thread/ThreadPane";
import { deferred } from "@/lib/deferred";
import { opening } from "@/lib/layer";
import { useTitle } from "@/live/useTitle";

const ConversationGallery = deferred(
  async () => (await import("@/app/ConversationGallery")).ConversationGallery,
);
const ThreadLightbox = deferred(async () => (await import("@/features/media/ThreadLightbox")).ThreadLightbox);

export function ConversationPage() {
  const { conversationId } = useParams({ from: "/inbox/c/$conversationId" });
  return <Opened key={conversationId} id={conversationId} />;
}

function Opened({ id }: { id: number }) {
  const client = useQueryClient();
  const { view, info, part = 0, gallery = false, back } = useSearch({ from: "/inbox/c/$conversationId" });
  const navigate = useNavigate({ from: "/c/$conversationId" });
  const conversation = useQuery(conversationQuery(id, client));
  const details = useDetails();
  useTitle(conversation.data ? contactName(conversation.data.contact) : null);
  useShortcuts({
    i: details.toggle,
    g: () => void navigate({ search: (search) => ({ ...search, gallery: true }), state: opening("gallery") }),
    Escape: () => {
      if (details.covering) return details.close();
      void navigate({ to: "/" }).then(focusConversations);
    },
    " ": (event) => (isControl(event.target) ? false : toggleAudio()),
  });
  const missing = conversation.error instanceof ApiError && conversation.error.status === 404;
  return (
    <>
      <ThreadPane
        conversationId={id}
        conversation={conversation.data}
        missing={missing}
        onDetails={details.toggle}
        detailsOpen={details.open}
        covered={details.covering}
        strip={back && <BackStrip conversationId={id} way={back} />}
      />
      {details.open && !missing && (
        <DetailsPane
          conversationId={id}
          conversation={conversation.data}
          infoMessageId={info}
          part={part}
          covering={details.covering}
          onClose={details.close}
        />
      )}
      {gallery && !missing && <ConversationGallery conversation={conversation.data} />}
      {view !== undefined && !gallery && <ThreadLightbox conversationId={id} messageId={view} part={part} />}
    </>
  );
}
