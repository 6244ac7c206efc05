import type { Message } from "@/api/types";
import { senderOf } from "@/features/message/people";
import { previewOf } from "@/features/message/preview";
import { announce } from "@/lib/announce";
import { ring, wantsSound } from "@/lib/sound";
import { texts } from "@/texts";

/** What comes in within this time is told together: a burst must not talk for minutes. */
const GATHER_MS = 1_500;
/** Conversations that are named; of further ones only how many. */
const NAMED_MAX = 3;
/** Letters of a message that are read out; the rest is there to be read. */
const WORDS_MAX = 200;

type Arrived = { message: Message; count: number };

const waiting = new Map<number, Arrived>();

/** Says who wrote what, of each conversation the last message and how many there were. */
export function tellArrival(message: Message, count = 1): void {
  if (waiting.size === 0) {
    setTimeout(tellAll, GATHER_MS);
    if (wantsSound()) ring();
  }
  const before = waiting.get(message.conversationId)?.count ?? 0;
  waiting.set(message.conversationId, { message, count: before + count });
}

function tellAll(): void {
  const all = [...waiting.values()];
  waiting.clear();
  const sentences = all
    .slice(0, NAMED_MAX)
    .map(({ message, count }) => texts.thread.arrived(senderOf(message, undefined), wordsOf(message), count));
  const more = all.length - sentences.length;
  announce([...sentences, ...(more > 0 ? [texts.thread.arrivedElsewhere(more)] : [])].join(". "));
}

/** Says what became of a message that was there before, where that changes what it says. */
export function tellChange(message: Message, before: Message): void {
  if (message.direction === "outbound") return;
  const name = senderOf(message, undefined);
  if (message.revoked && !before.revoked) announce(texts.thread.revokedBy(name));
  else if (message.edited && (message.text !== before.text || message.caption !== before.caption)) {
    announce(texts.thread.editedBy(name, wordsOf(message)));
  }
}

function wordsOf(message: Message): string {
  const { text } = previewOf(message);
  return text.length > WORDS_MAX ? `${text.slice(0, WORDS_MAX)}…` : text;
}
