import { ImageLightbox } from "@mediary/media/viewers/ImageLightbox";
import { partOf } from "@mediary/media/viewers/state";
import { useNavigate } from "@tanstack/react-router";
import { useRef } from "react";
import type { MediaFile } from "@/api/types";
import { ShortcutSheet } from "@/components/ui/shortcut-sheet";
import { useAbout } from "@/features/media/useAbout";
import { useNeighbours } from "@/features/media/useNeighbours";
import { useCloseLayer } from "@/lib/layer";
import { texts } from "@/texts";

type ThreadLightboxProps = { conversationId: number; messageId: number; part: number };

/** One picture or video over the thread; the arrows lead through all of the conversation. The URL says which is open. */
export function ThreadLightbox({ conversationId, messageId, part }: ThreadLightboxProps) {
  const neighbours = useNeighbours(conversationId, messageId, part);
  const about = useAbout(messageId);
  const { show, close, jump } = useLightboxNavigation(messageId);
  return (
    <ImageLightbox
      label={texts.lightbox.label}
      words={texts.lightbox.inThread}
      neighbours={neighbours}
      name={`${messageId}-${part}`}
      about={about}
      show={show}
      onClose={close}
      onJump={() => jump(messageId)}
      help={(close) => <ShortcutSheet onClose={close} />}
    />
  );
}

function useLightboxNavigation(messageId: number) {
  const navigate = useNavigate({ from: "/c/$conversationId" });
  const first = useRef(messageId);
  const close = useCloseLayer(
    "view",
    () => void navigate({ search: ({ view: _, part: __, ...rest }) => rest, replace: true, state: true }),
  );
  const toSeenLast = () =>
    void navigate({
      search: ({ view: _, part: __, ...rest }) => ({ ...rest, m: messageId }),
      replace: true,
      state: true,
    }).then(() => requestAnimationFrame(() => focusTile(messageId)));
  return {
    // Who has moved on comes back to the photo that they saw last.
    close: () => close(messageId === first.current ? undefined : toSeenLast),
    show: (media: MediaFile | undefined) => {
      if (media)
        void navigate({
          search: ({ part: _, ...rest }) => ({ ...rest, view: media.messageId, ...partOf(media) }),
          replace: true,
          state: true,
        });
    },
    jump: (messageId: number) =>
      void navigate({ search: ({ view: _, part: __, ...rest }) => ({ ...rest, m: messageId }) }),
  };
}

function focusTile(messageId: number): void {
  const tile = document.querySelector<HTMLElement>(`main [data-media="${messageId}"]`);
  const control = tile?.matches("a") ? tile : tile?.querySelector<HTMLElement>("button");
  control?.focus({ preventScroll: true });
}
