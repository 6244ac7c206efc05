import { clsx } from "clsx";
import { memo } from "react";
import { useMayAct } from "@/api/roles";
import type { Message } from "@/api/types";
import { senderOf } from "@/features/message/people";
import type { Outgoing } from "@/features/sending/outbox";
import { Attachments } from "@/features/thread/Attachments";
import { BubbleFrame, BubbleHeading } from "@/features/thread/BubbleFrame";
import { useThreadContext } from "@/features/thread/context";
import { MediaMessageItem } from "@/features/thread/MediaMessageItem";
import { MessageActions } from "@/features/thread/MessageActions";
import { MessageMeta } from "@/features/thread/MessageMeta";
import { PlainContent } from "@/features/thread/PlainContent";
import { Quote } from "@/features/thread/Quote";
import { Reactions } from "@/features/thread/Reactions";
import { OutgoingNote, SendFailure, UploadRing } from "@/features/thread/SendState";
import { TextWithMeta } from "@/features/thread/TextWithMeta";
import { texts } from "@/texts";

type BubbleProps = {
  message: Message;
  /** Where the server does not have it yet. */
  outgoing: Outgoing | null;
  firstOfGroup: boolean;
  lastOfGroup: boolean;
  highlighted: boolean;
  /** Which one it is of how many that are loaded. */
  at: number;
  of: number;
};

export const MessageBubble = memo(function MessageBubble(props: BubbleProps) {
  const { message, outgoing, firstOfGroup } = props;
  const { conversation, faded } = useThreadContext();
  const mayAct = useMayAct();
  const sender = senderOf(message, conversation);
  if (message.type === "system") return <SystemMessage message={message} />;
  const sent = message.direction === "outbound";
  return (
    <article
      tabIndex={-1}
      aria-label={sender}
      aria-posinset={props.at}
      aria-setsize={props.of}
      className={clsx(
        "group/message relative flex flex-col -outline-offset-2",
        sent ? "items-end" : "items-start",
        firstOfGroup ? "pt-3" : "pt-0.5",
      )}
    >
      {props.highlighted && (
        <span
          aria-hidden="true"
          onAnimationEnd={faded}
          className="-inset-x-3 absolute inset-y-0 animate-highlight bg-accent/15 md:-inset-x-6"
        />
      )}
      <div className={clsx("flex w-full", sent && "flex-row-reverse")}>
        <Body {...props} sender={sender} />
        {outgoing ? <UploadRing item={outgoing} /> : mayAct && <MessageActions message={message} />}
      </div>
      <Reactions message={message} frameless={isFrameless(message)} />
      {outgoing ? <OutgoingNote item={outgoing} /> : sent && <SendFailure message={message} />}
    </article>
  );
});

function Body({ sender, ...props }: BubbleProps & { sender: string }) {
  const { message, firstOfGroup } = props;
  if (!isFrameless(message)) {
    return (
      <BubbleFrame message={message} lastOfGroup={props.lastOfGroup}>
        <BubbleHeading message={message} sender={firstOfGroup ? sender : null} />
        {message.isReply && <Quote messageId={message.replyTo} />}
        <Content message={message} sender={sender} />
      </BubbleFrame>
    );
  }
  return (
    <div className={clsx("flex flex-col", message.direction === "outbound" ? "items-end" : "items-start")}>
      {message.isReply && (
        <BubbleFrame message={message} lastOfGroup={props.lastOfGroup}>
          <Quote messageId={message.replyTo} />
        </BubbleFrame>
      )}
      <MediaMessageItem message={message} sender={sender} />
    </div>
  );
}

function Content({ message, sender }: { message: Message; sender: string }) {
  if (message.media && !message.revoked) return <MediaMessageItem message={message} sender={sender} />;
  if (message.attachments.length > 0 && !message.revoked) {
    return <Attachments message={message} sender={sender} />;
  }
  const words = isPlain(message) ? message.text?.trim() : null;
  return (
    <div className="relative px-2 pt-0.5">
      {words ? (
        <TextWithMeta text={words} message={message} />
      ) : (
        <>
          <PlainContent message={message} />
          <MessageMeta message={message} />
        </>
      )}
    </div>
  );
}

/** Whether its words are all there is to it; the others have a form of their own. */
function isPlain({ type, revoked }: Message): boolean {
  return !revoked && !FORMED.includes(type);
}

const FORMED: readonly Message["type"][] = ["unsupported", "location", "contacts", "order"];

function isFrameless(message: Message): boolean {
  return message.media?.fileType === "sticker" && message.media.isActive && !message.revoked;
}

function SystemMessage({ message }: { message: Message }) {
  return (
    <article className="flex justify-center pt-3">
      <p dir="auto" className="max-w-[80%] rounded-xl bg-sunken px-3 py-1.5 text-center text-muted text-xs">
        {message.text ?? texts.preview.system}
      </p>
    </article>
  );
}
