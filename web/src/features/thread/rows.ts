import type { Message } from "@/api/types";
import { mediaBox } from "@/features/media/box";
import { isSameDay } from "@/lib/format";

/** One line of the thread, top to bottom. Keys are stable, so that the list can hold its place while rows come and go. */
export type ThreadRow =
  | { kind: "top"; key: "top" }
  | { kind: "day"; key: string; time: string }
  | { kind: "unread"; key: "unread" }
  | { kind: "message"; key: string; message: Message; firstOfGroup: boolean; lastOfGroup: boolean };

/** Messages of one sender this close together share one group. */
const GROUP_MS = 2 * 60_000;

/** `messages` oldest first; `unreadFrom` is the message above which the new ones begin. */
export function threadRows(messages: Message[], unreadFrom: number | null): ThreadRow[] {
  const rows: ThreadRow[] = [{ kind: "top", key: "top" }];
  messages.forEach((message, index) => {
    const [before, after] = [messages[index - 1], messages[index + 1]];
    const newDay = before === undefined || !isSameDay(before.timestamp, message.timestamp);
    const unread = message.id === unreadFrom;
    if (newDay) rows.push({ kind: "day", key: `day-${message.id}`, time: message.timestamp });
    if (unread) rows.push({ kind: "unread", key: "unread" });
    rows.push({
      kind: "message",
      key: `message-${message.id}`,
      message,
      firstOfGroup: unread || newDay || !sameGroup(before, message),
      lastOfGroup: after === undefined || after.id === unreadFrom || !sameGroup(message, after),
    });
  });
  return rows;
}

function sameGroup(a: Message, b: Message): boolean {
  return (
    a.direction === b.direction &&
    a.senderPhone === b.senderPhone &&
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
