import { IconButton } from "@mediary/media/ui/button";
import { clsx } from "clsx";
import { Ellipsis, Forward, Reply, SmilePlus, Undo2 } from "lucide-react";
import { memo, useRef, useState } from "react";
import type { Message } from "@/api/types";
import { Popover } from "@/components/ui/popover";
import { changeDraft } from "@/features/composer/drafts";
import { focusComposer } from "@/features/composer/focus";
import { reactorOf } from "@/features/message/people";
import { react } from "@/features/sending/sending";
import { useOutgoingReaction } from "@/features/sending/store";
import { useThreadContext } from "@/features/thread/context";
import { useTakeBack } from "@/features/thread/useSendActions";
import { texts } from "@/texts";

/** As in WhatsApp's own bar. */
const EMOJI = ["👍", "❤️", "😂", "😮", "😢", "🙏"] as const;

const FORWARDED: readonly Message["type"][] = [
  "text",
  "image",
  "video",
  "audio",
  "document",
  "sticker",
  "location",
  "contacts",
];

/** What can be done with a message, beside its bubble: shown to who points at it or comes there by keyboard, always on touch. */
export const MessageActions = memo(function MessageActions({ message }: { message: Message }) {
  const more = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  const { forward } = useThreadContext();
  const can = possible(message);
  if (!can.answer && !can.forward && !can.takeBack) return null;
  const outbound = message.direction === "outbound";
  return (
    <div
      className={clsx(
        "flex shrink-0 items-center self-center px-1",
        outbound && "flex-row-reverse",
        !open &&
          "opacity-0 focus-within:opacity-100 group-hover/message:opacity-100 [@media(hover:none)]:opacity-100",
      )}
    >
      {can.answer && (
        // A second way for the pointer; the menu has it for everybody.
        <IconButton
          label={texts.actions.reply}
          data-act="reply"
          tabIndex={-1}
          onClick={() => reply(message)}
          className="size-8! [@media(hover:none)]:hidden"
        >
          <Reply className="size-4 rtl:-scale-x-100" />
        </IconButton>
      )}
      <IconButton
        ref={more}
        label={can.answer ? texts.actions.reactAndMore : texts.actions.more}
        aria-haspopup="dialog"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="size-8!"
      >
        {can.answer ? <SmilePlus className="size-4" /> : <Ellipsis className="size-4" />}
      </IconButton>
      {open && (
        <Popover anchor={more} label={texts.actions.label} onClose={() => setOpen(false)}>
          <Menu
            message={message}
            onForward={() => forward(message)}
            onDone={(leavesFocus) => {
              setOpen(false);
              if (!leavesFocus) more.current?.focus();
            }}
          />
        </Popover>
      )}
    </div>
  );
});

function reply({ conversationId, id }: Message): void {
  changeDraft(conversationId, { type: "replied", messageId: id });
  focusComposer();
}

function possible({ id, type, status, revoked, providerMessageId }: Message) {
  const shown = id > 0 && !revoked && type !== "system";
  return {
    // WhatsApp has to know what is answered.
    answer: shown && providerMessageId !== null,
    forward: shown && FORWARDED.includes(type),
    takeBack: id > 0 && (status === "queued" || status === "uploading"),
  };
}

type MenuProps = { message: Message; onForward: () => void; onDone: (leavesFocus?: boolean) => void };

function Menu({ message, onForward, onDone }: MenuProps) {
  const can = possible(message);
  const takeBack = useTakeBack(message);
  const items = [
    can.answer && {
      icon: Reply,
      text: texts.actions.reply,
      act: () => {
        onDone(true);
        reply(message);
      },
    },
    can.forward && {
      icon: Forward,
      text: texts.actions.forward,
      act: () => {
        onDone();
        onForward();
      },
    },
    can.takeBack && {
      icon: Undo2,
      text: texts.actions.takeBack,
      act: () => {
        onDone(true);
        takeBack();
        focusComposer();
      },
    },
  ].filter((item) => item !== false);
  return (
    <>
      {can.answer && <Emojis message={message} onDone={onDone} />}
      <ul>
        {items.map(({ icon: Icon, text, act }) => (
          <li key={text}>
            <button
              type="button"
              onClick={act}
              className="flex min-h-9 w-full items-center gap-3 rounded-xl px-3 text-start hover:bg-hover pointer-coarse:min-h-11"
            >
              <Icon aria-hidden="true" className="size-4.5 text-muted rtl:-scale-x-100" />
              {text}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function Emojis({ message, onDone }: { message: Message; onDone: () => void }) {
  const mine = useOwnReaction(message);
  const choices = mine && !EMOJI.some((emoji) => emoji === mine) ? [mine, ...EMOJI.slice(1)] : EMOJI;
  return (
    // biome-ignore lint/a11y/useSemanticElements: no set of fields
    <div role="group" aria-label={texts.actions.react} className="mb-1 flex border-line border-b pb-1">
      {choices.map((emoji) => {
        const chosen = emoji === mine;
        return (
          <button
            key={emoji}
            type="button"
            aria-pressed={chosen}
            aria-label={chosen ? texts.actions.unreact(emoji) : texts.actions.reactWith(emoji)}
            title={chosen ? texts.actions.unreact(emoji) : undefined}
            onClick={() => {
              react(message, chosen ? "" : emoji);
              onDone();
            }}
            className={clsx(
              "inline-flex size-10 items-center justify-center rounded-full text-xl hover:bg-hover pointer-coarse:size-11",
              chosen && "bg-selected",
            )}
          >
            {emoji}
          </button>
        );
      })}
    </div>
  );
}

/** Our reaction to a message, also one that is on its way. */
function useOwnReaction(message: Message): string | null {
  const { conversation } = useThreadContext();
  const outgoing = useOutgoingReaction(message.id);
  if (outgoing?.content.type === "reaction") return outgoing.content.emoji || null;
  const isOurs = ({ from }: { from: string }) => reactorOf(from, message, conversation) === texts.contact.you;
  return message.reactions.find(isOurs)?.emoji ?? null;
}
