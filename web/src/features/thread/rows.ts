import type { Message } from "@/api/types";
import { mediaBox } from "@/features/media/box";
import { messageOf } from "@/features/sending/message";
import type { Outgoing } from "@/features/sending/outbox";
import { isSameDay } from "@/lib/format";

/** One line of the thread, top to bottom. Keys are stable, so that the list can hold its place while rows come and go. */
export type ThreadRow =
  | { kind: "top"; key: "top" }
  | { kind: "day"; key: string; time: string }
  | { kind: "unread"; key: "unread" }
  | {
      kind: "message";
      key: string;
      message: Message;
      /** What the server does not have yet, shown in the form of a message. */
      outgoing: Outgoing | null;
      /** Which one it is of how many. */
      at: number;
      of: number;
      firstOfGroup: boolean;
      lastOfGroup: boolean;
    };

/** Messages of one sender this close together share one group. */
const GROUP_MS = 2 * 60_000;

/**
 * `messages` oldest first; `unreadFrom` is the message above which the new ones begin. What is on its way out stands below them until
 * the server's own row is there.
 */
export function threadRows(
  messages: Message[],
  unreadFrom: number | null,
  outgoing: Outgoing[] = [],
): ThreadRow[] {
  const rows: ThreadRow[] = [{ kind: "top", key: "top" }];
  const known = new Set(messages.map(({ clientId }) => clientId));
  const waiting = outgoing.filter(({ clientId }) => !known.has(clientId));
  const all = [...messages, ...waiting.map(asMessage)];
  all.forEach((message, index) => {
    const [before, after] = [all[index - 1], all[index + 1]];
    const newDay = before === undefined || !isSameDay(before.timestamp, message.timestamp);
    const unread = message.id === unreadFrom;
    if (newDay) rows.push({ kind: "day", key: `day-${nameOf(message)}`, time: message.timestamp });
    if (unread) rows.push({ kind: "unread", key: "unread" });
    rows.push({
      kind: "message",
      key: `message-${nameOf(message)}`,
      message,
      outgoing: waiting[index - messages.length] ?? null,
      at: index + 1,
      of: all.length,
      firstOfGroup: unread || newDay || !sameGroup(before, message),
      lastOfGroup: after === undefined || after.id === unreadFrom || !sameGroup(message, after),
    });
  });
  return rows;
}

/** Its own name where it has one: so the row of a message that was written here stays the same when the server has it. */
const nameOf = ({ clientId, id }: Message): string | number => clientId ?? id;

/** The same message for the same item, so that a row that did not change renders no more. */
const asMessages = new WeakMap<Outgoing, Message>();

function asMessage(item: Outgoing): Message {
  const message = asMessages.get(item) ?? messageOf(item);
  asMessages.set(item, message);
  return message;
}

function sameGroup(a: Message, b: Message): boolean {
  return (
    a.direction === b.direction &&
    (a.senderPhone === b.senderPhone || a.direction === "outbound") &&
    a.type !== "system" &&
    b.type !== "system" &&
    Date.parse(b.timestamp) - Date.parse(a.timestamp) < GROUP_MS &&
    isSameDay(a.timestamp, b.timestamp)
  );
}

const LINE_HEIGHT = 21;
const LETTERS_PER_LINE = 48;

/** A guess at a row's height until it is measured; media rows are exact but for their caption. */
export function estimateHeight(row: ThreadRow): number {
  if (row.kind !== "message") return 48;
  const { message } = row;
  const words = message.caption ?? message.text ?? "";
  const text = Math.ceil(words.length / LETTERS_PER_LINE) * LINE_HEIGHT;
  const files = message.media ? [message.media] : message.attachments;
  const media = files.reduce((height, file) => height + mediaBox(file).height + 8, 0);
  const extras = (message.replyTo === null ? 0 : 56) + (message.reactions.length > 0 ? 24 : 0);
  return 18 + text + media + extras + (row.firstOfGroup ? 12 : 2);
}
