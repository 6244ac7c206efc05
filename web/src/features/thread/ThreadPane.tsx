import { IconButton, iconButton } from "@mediary/media/ui/button";
import { PersonName } from "@mediary/media/ui/PersonName";
import { EmptyState, Skeleton } from "@mediary/media/ui/states";
import { Link } from "@tanstack/react-router";
import { ArrowLeft, MessageSquareOff, PanelRight } from "lucide-react";
import type { ReactNode } from "react";
import type { Conversation } from "@/api/types";
import { Avatar } from "@/components/ui/avatar";
import { contactName, contactPhone } from "@/features/message/contact";
import { Thread } from "@/features/thread/Thread";
import { texts } from "@/texts";

type ThreadPaneProps = {
  conversationId: number;
  conversation: Conversation | undefined;
  missing: boolean;
  detailsOpen: boolean;
  /** By the details: then nothing of it can be reached. */
  covered: boolean;
  onDetails: () => void;
  /** Below the header. */
  strip?: ReactNode;
};

/** Too narrow for the list beside the thread; the same as Tailwind's `max-md`. */
const ONE_PANE = "(max-width: 47.99rem)";

export function ThreadPane(props: ThreadPaneProps) {
  const { conversation, missing } = props;
  return (
    <main
      ref={focusWhereAlone}
      inert={props.covered}
      id="thread"
      tabIndex={-1}
      className="flex min-w-0 flex-1 flex-col bg-page outline-none"
    >
      <header className="flex min-h-15 shrink-0 items-center gap-3 border-line border-b bg-surface px-3 md:px-4">
        <Link
          to="/"
          aria-label={texts.action.back}
          title={texts.action.back}
          className={`${iconButton} -ms-1 md:hidden`}
        >
          <ArrowLeft className="size-5 rtl:rotate-180" />
        </Link>
        {conversation ? <Heading conversation={conversation} /> : !missing && <HeadingSkeleton />}
        {!missing && (
          <IconButton
            label={texts.thread.details}
            aria-expanded={props.detailsOpen}
            onClick={props.onDetails}
            className="ms-auto"
          >
            <PanelRight className="size-5 rtl:rotate-180" />
          </IconButton>
        )}
      </header>
      {props.strip}
      {missing ? (
        <EmptyState icon={<MessageSquareOff />} title={texts.thread.notFound}>
          <Link to="/" className="mt-2 font-medium text-accent underline">
            {texts.app.toInbox}
          </Link>
        </EmptyState>
      ) : (
        <Thread conversationId={props.conversationId} conversation={conversation} />
      )}
    </main>
  );
}

/** On a phone the list, and what had the focus in it, is gone. */
function focusWhereAlone(pane: HTMLElement | null): void {
  if (window.matchMedia(ONE_PANE).matches) pane?.focus();
}

function Heading({ conversation }: { conversation: Conversation }) {
  const name = contactName(conversation.contact);
  const phone = contactPhone(conversation.contact);
  return (
    <>
      <Avatar name={name} id={conversation.contact.id} className="size-9 text-sm" />
      <div className="min-w-0 py-1">
        <h1 className="flex font-semibold text-[0.9375rem] leading-tight">
          <PersonName name={name} className="truncate" />
        </h1>
        {phone && phone !== name && (
          <p className="truncate text-muted text-xs">
            <PersonName name={phone} />
          </p>
        )}
      </div>
    </>
  );
}

function HeadingSkeleton() {
  return (
    <>
      <Skeleton className="size-9 rounded-full" />
      <Skeleton className="h-4 w-36" />
    </>
  );
}
