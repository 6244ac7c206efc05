import { IconButton } from "@mediary/media/ui/button";
import { PersonName } from "@mediary/media/ui/PersonName";
import { Skeleton } from "@mediary/media/ui/states";
import { useNavigate } from "@tanstack/react-router";
import { ArrowLeft, X } from "lucide-react";
import { useCallback } from "react";
import type { Conversation } from "@/api/types";
import { Avatar } from "@/components/ui/avatar";
import { FileDetails } from "@/features/details/FileDetails";
import { RecentMedia } from "@/features/details/RecentMedia";
import { contactName, contactPhone } from "@/features/message/contact";
import { useCloseLayer } from "@/lib/layer";
import { texts } from "@/texts";

type DetailsPaneProps = {
  conversationId: number;
  conversation: Conversation | undefined;
  infoMessageId: number | undefined;
  part: number;
  /** It lies over the thread, and is all there is to reach. */
  covering: boolean;
  onClose: () => void;
};

/** Who this is and what they sent lately, or everything about one file. */
export function DetailsPane(props: DetailsPaneProps) {
  const { conversationId, conversation, infoMessageId, part, covering, onClose } = props;
  const taken = useCallback(
    (pane: HTMLElement | null) => (covering ? takeFocus(pane) : undefined),
    [covering],
  );
  const navigate = useNavigate({ from: "/c/$conversationId" });
  const toContact = useCloseLayer(
    "file",
    () => void navigate({ search: ({ info: _, part: __, ...rest }) => rest, state: true }),
  );
  return (
    <>
      {covering && (
        // biome-ignore lint/a11y/noStaticElementInteractions: a shortcut for the pointer; Esc and the button close it for everybody
        // biome-ignore lint/a11y/useKeyWithClickEvents: as above
        <div onClick={onClose} className="absolute inset-0 z-10 animate-appear bg-black/25 md:start-84" />
      )}
      <aside
        ref={taken}
        tabIndex={-1}
        aria-label={texts.shell.panes.details}
        className="flex w-full shrink-0 flex-col border-line border-s bg-surface outline-none max-[75rem]:absolute max-[75rem]:inset-y-0 max-[75rem]:end-0 max-[75rem]:z-10 max-[75rem]:shadow-float sm:w-80"
      >
        <header className="flex min-h-15 shrink-0 items-center gap-1 border-line border-b ps-3 pe-2">
          {infoMessageId !== undefined && (
            <IconButton label={texts.details.backToContact} onClick={() => toContact()}>
              <ArrowLeft className="size-5 rtl:rotate-180" />
            </IconButton>
          )}
          <h2 className="ms-1 font-semibold text-[0.9375rem]">
            {infoMessageId === undefined ? texts.details.title : texts.details.file}
          </h2>
          <IconButton label={texts.details.close} onClick={onClose} className="ms-auto">
            <X className="size-5" />
          </IconButton>
        </header>
        <div className="min-h-0 flex-1 overflow-y-auto">
          {infoMessageId === undefined ? (
            <>
              <ContactCard conversation={conversation} />
              <RecentMedia conversationId={conversationId} />
            </>
          ) : (
            <FileDetails key={`${infoMessageId}-${part}`} messageId={infoMessageId} part={part} />
          )}
        </div>
      </aside>
    </>
  );
}

/** The focus goes in, and back to where it was. */
function takeFocus(pane: HTMLElement | null): (() => void) | undefined {
  const opener = document.activeElement;
  pane?.focus();
  return () => {
    if (!pane?.contains(document.activeElement)) return;
    // What opened it can be reached again with the next frame.
    requestAnimationFrame(() => opener instanceof HTMLElement && opener.isConnected && opener.focus());
  };
}

function ContactCard({ conversation }: { conversation: Conversation | undefined }) {
  if (!conversation) {
    return (
      <div className="flex flex-col items-center gap-3 p-6">
        <Skeleton className="size-20 rounded-full" />
        <Skeleton className="h-5 w-40" />
      </div>
    );
  }
  const { contact } = conversation;
  const name = contactName(contact);
  const phone = contactPhone(contact);
  return (
    <section className="flex flex-col items-center gap-1 p-6 text-center">
      <Avatar name={name} id={contact.id} className="mb-2 size-20 text-2xl" />
      <h3 className="wrap-anywhere max-w-full text-balance font-semibold text-lg leading-tight">
        <PersonName name={name} />
      </h3>
      {phone && phone !== name && (
        <p className="select-all text-muted tabular-nums">
          <PersonName name={phone} />
        </p>
      )}
    </section>
  );
}
