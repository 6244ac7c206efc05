import { clsx } from "clsx";
import type { Message, Reaction } from "@/api/types";
import { oursOn, reactorOf } from "@/features/message/people";
import { useOutgoingReaction } from "@/features/sending/store";
import { useThreadContext } from "@/features/thread/context";
import { number, texts } from "@/texts";

type ReactionsProps = {
  message: Message;
  /** There is no bubble whose edge they could sit on. */
  frameless: boolean;
};

export function Reactions({ message, frameless }: ReactionsProps) {
  const { conversation } = useThreadContext();
  const reactions = useReactions(message);
  const name = (reaction: Reaction) => reactorOf(reaction.from, message, conversation);
  if (reactions.length === 0) return null;
  const byEmoji = Map.groupBy(reactions, (reaction) => reaction.emoji);
  return (
    <ul className={clsx("relative z-1 mb-1.5 flex gap-1 px-2", frameless ? "mt-1" : "-mt-1.5")}>
      {[...byEmoji].map(([emoji, all]) => {
        const label = texts.message.reactions(emoji, all.map(name).join(", "));
        return (
          <li
            key={emoji}
            title={label}
            className="flex h-6 items-center gap-1 rounded-full border border-line bg-raised px-1.5 shadow-soft"
          >
            <span aria-hidden="true">{emoji}</span>
            {all.length > 1 && (
              <span aria-hidden="true" className="text-muted text-xs">
                {number(all.length)}
              </span>
            )}
            <span className="sr-only">{label}</span>
          </li>
        );
      })}
    </ul>
  );
}

/** The reactions to a message, ours also while it is on its way. */
function useReactions(message: Message): Reaction[] {
  const { conversation } = useThreadContext();
  const outgoing = useOutgoingReaction(message.id);
  if (outgoing?.content.type !== "reaction") return message.reactions;
  const { emoji } = outgoing.content;
  const others = message.reactions.filter(
    ({ from }) => reactorOf(from, message, conversation) !== texts.contact.you,
  );
  return emoji === "" ? others : [...others, { emoji, from: oursOn(message) }];
}
