import { useNow } from "@mediary/media/lib/clock";
import { fileNameOf } from "@mediary/media/lib/fileName";
import { formatBytes, formatDateTime, formatShort } from "@mediary/media/lib/format";
import { PersonName } from "@mediary/media/ui/PersonName";
import { kindOf } from "@mediary/media/viewers/kind";
import { TilePicture } from "@mediary/media/viewers/TilePicture";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { memo, type ReactNode } from "react";
import { conversationQuery } from "@/api/queries";
import type { Mark, SearchHit } from "@/api/search";
import type { Conversation, MediaFile, Message } from "@/api/types";
import { Avatar } from "@/components/ui/avatar";
import { contactName, contactPhone } from "@/features/message/contact";
import { previewOf } from "@/features/message/preview";
import { excerpt } from "@/features/search/excerpt";
import { texts } from "@/texts";

const THUMB_PX = 44;

/** Tells a hit from the others. A file is another hit than its message. */
export function keyOf({ conversation, message, media }: SearchHit): string {
  if (media) return `media-${media.id}`;
  return message ? `message-${message.id}` : `conversation-${conversation?.id}`;
}

/** What was found, with its words marked where they stand. */
export const Hit = memo(function Hit({ hit }: { hit: SearchHit }) {
  const { conversation, message, media, marks } = hit;
  if (media) return <MediaHit media={media} message={message} marks={marks} />;
  if (message) return <MessageHit message={message} marks={marks} />;
  return conversation ? <PersonHit conversation={conversation} marks={marks} /> : null;
});

const of = (marks: readonly Mark[], field: Mark["field"]) => marks.filter((mark) => mark.field === field);

function Marked({ text, marks }: { text: string; marks: readonly Mark[] }) {
  return excerpt(text, marks).map((piece, at) =>
    piece.marked ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one text never change their places
      <mark key={at} className="rounded-xs bg-accent/20 font-medium text-text">
        {piece.text}
      </mark>
    ) : (
      piece.text
    ),
  );
}

function PersonHit({ conversation, marks }: { conversation: Conversation; marks: readonly Mark[] }) {
  const { contact, lastMessage } = conversation;
  const name = contactName(contact);
  const phone = contactPhone(contact);
  const [byName, byPhone] = [of(marks, "name"), of(marks, "phone")];
  return (
    <Line
      picture={<Avatar name={name} id={contact.id} />}
      title={byName.length > 0 && contact.name ? <Marked text={contact.name} marks={byName} /> : name}
      time={conversation.lastMessageAt}
    >
      {byPhone.length > 0 && contact.phone ? (
        <bdi dir="ltr">
          <Marked text={contact.phone} marks={byPhone} />
        </bdi>
      ) : (
        ((lastMessage && previewOf(lastMessage).text) ?? phone)
      )}
    </Line>
  );
}

function MessageHit({ message, marks }: { message: Message; marks: readonly Mark[] }) {
  const contact = useContact(message.conversationId);
  const field = of(marks, "text").length > 0 ? "text" : "caption";
  const media =
    message.media?.isActive && message.media.downloadStatus === "completed" ? message.media : null;
  return (
    <Line
      picture={<Avatar name={contact.name} id={contact.id} />}
      title={<PersonName name={contact.name} />}
      time={message.timestamp}
      after={media && <Thumb media={media} />}
    >
      {message.direction === "outbound" && `${texts.contact.you}: `}
      <bdi>
        <Marked text={message[field] ?? ""} marks={of(marks, field)} />
      </bdi>
    </Line>
  );
}

type MediaHitProps = { media: MediaFile; message: Message | null; marks: readonly Mark[] };

function MediaHit({ media, message, marks }: MediaHitProps) {
  const contact = useContact(media.conversationId);
  const kind = kindOf(media).label;
  const inCaption = of(marks, "caption");
  const size = media.fileSize === null ? null : formatBytes(media.fileSize);
  return (
    <Line
      picture={<Thumb media={media} />}
      title={media.fileName ? <Marked text={media.fileName} marks={of(marks, "fileName")} /> : kind}
      time={media.createdAt}
    >
      {inCaption.length > 0 && message?.caption ? (
        <bdi>
          <Marked text={message.caption} marks={inCaption} />
        </bdi>
      ) : (
        <>
          {fileNameOf(media) ? `${kind} · ` : ""}
          <PersonName name={contact.name} />
          {size && (
            <>
              {" · "}
              <bdi>{size}</bdi>
            </>
          )}
        </>
      )}
    </Line>
  );
}

function useContact(conversationId: number): { name: string; id: number } {
  const client = useQueryClient();
  const { data } = useQuery(conversationQuery(conversationId, client));
  return data ? { name: contactName(data.contact), id: data.contact.id } : { name: "", id: conversationId };
}

function Thumb({ media }: { media: MediaFile }) {
  return (
    <span className="relative flex size-11 shrink-0 items-center justify-center overflow-hidden rounded-lg bg-sunken text-muted [&_bdi]:hidden">
      <TilePicture media={media} name="" width={THUMB_PX} />
    </span>
  );
}

type LineProps = {
  picture: ReactNode;
  title: ReactNode;
  time: string;
  after?: ReactNode;
  children: ReactNode;
};

function Line({ picture, title, time, after, children }: LineProps) {
  const now = useNow();
  return (
    <span className="flex h-full items-center gap-3 px-3">
      {picture}
      <span className="flex min-w-0 flex-1 flex-col gap-0.5">
        <span className="flex items-baseline gap-2">
          <bdi className="truncate font-medium">{title}</bdi>
          <time dateTime={time} title={formatDateTime(time)} className="ms-auto shrink-0 text-muted text-xs">
            {formatShort(time, now)}
          </time>
        </span>
        <bdi className="max-w-full self-start truncate text-muted">{children}</bdi>
      </span>
      {after}
    </span>
  );
}
