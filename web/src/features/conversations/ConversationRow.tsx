import { formatDateTime, formatShort } from "@mediary/media/lib/format";
import { PersonName } from "@mediary/media/ui/PersonName";
import { Skeleton } from "@mediary/media/ui/states";
import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import { memo, type Ref } from "react";
import type { Conversation } from "@/api/types";
import { Avatar } from "@/components/ui/avatar";
import { contactName } from "@/features/message/contact";
import { DeliveryTicks } from "@/features/message/DeliveryTicks";
import { previewOf } from "@/features/message/preview";
import { number, texts } from "@/texts";

/** Of an ordinary row, in units of the text size; larger text makes it higher. */
export const ROW_REM = 4.5;

type RowProps = {
  conversation: Conversation;
  active: boolean;
  tabIndex: number;
  now: Date;
  linkRef?: Ref<HTMLAnchorElement>;
};

export const ConversationRow = memo(function ConversationRow(props: RowProps) {
  const { conversation, active, now } = props;
  const { contact, unreadCount: unread, lastMessageAt } = conversation;
  const name = contactName(contact);
  return (
    <Link
      ref={props.linkRef}
      to="/c/$conversationId"
      params={{ conversationId: conversation.id }}
      search={(search: { details?: boolean }) => (search.details === false ? { details: false } : {})}
      aria-current={active ? "page" : undefined}
      tabIndex={props.tabIndex}
      className={clsx(
        "mx-2 flex min-h-18 items-center gap-3 rounded-xl px-2.5 py-1.5 -outline-offset-2",
        active ? "bg-selected" : "hover:bg-hover",
      )}
    >
      <Avatar name={name} id={contact.id} />
      <span className="flex min-w-0 flex-1 flex-col gap-0.5">
        <span className="flex items-baseline gap-2">
          <PersonName
            name={name}
            className={clsx("truncate text-[0.9375rem]", unread > 0 ? "font-semibold" : "font-medium")}
          />
          <time
            dir="auto"
            dateTime={lastMessageAt}
            title={formatDateTime(lastMessageAt)}
            className={clsx(
              "ms-auto shrink-0 text-xs",
              unread > 0 ? "font-medium text-accent" : "text-muted",
            )}
          >
            {formatShort(lastMessageAt, now)}
          </time>
        </span>
        <span className="flex items-center gap-1.5 text-muted">
          <PreviewLine conversation={conversation} />
          {unread > 0 && <UnreadBadge count={unread} />}
        </span>
      </span>
    </Link>
  );
});

function PreviewLine({ conversation }: { conversation: Conversation }) {
  const message = conversation.lastMessage;
  if (message === null) return <span className="truncate">{texts.conversations.noMessages}</span>;
  const { icon: Icon, text } = previewOf(message);
  return (
    <>
      {message.direction === "outbound" && <DeliveryTicks status={message.status} className="size-4" />}
      {Icon && <Icon aria-hidden="true" className="size-4 shrink-0" />}
      <bdi className="truncate">{text}</bdi>
    </>
  );
}

const BADGE_MAX = 99;

function UnreadBadge({ count }: { count: number }) {
  return (
    <span className="ms-auto min-w-5 shrink-0 rounded-full bg-accent px-1.5 text-center font-semibold text-on-accent text-xs leading-5">
      <span aria-hidden="true">{count > BADGE_MAX ? `${number(BADGE_MAX)}+` : number(count)}</span>
      <span className="sr-only">{texts.conversations.unread(count)}</span>
    </span>
  );
}

export function ConversationRowSkeleton() {
  return (
    <div className="mx-2 flex min-h-18 items-center gap-3 px-2.5">
      <Skeleton className="size-11 rounded-full" />
      <span className="flex flex-1 flex-col gap-2.5">
        <Skeleton className="h-3.5 w-2/5" />
        <Skeleton className="h-3 w-4/5" />
      </span>
    </div>
  );
}
