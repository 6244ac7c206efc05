import { isSameDay } from "@mediary/media/lib/format";
import { mediaBox } from "@mediary/media/viewers/box";
import type { Message } from "@/api/types";
import { messageOf } from "@/features/sending/message";
import type { Outgoing } from "@/features/sending/outbox";

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
    }
  | AlbumRow;

/** Pictures that were sent together, as one grid. */
export type AlbumRow = {
  kind: "album";
  key: string;
  messages: Message[];
  /** Which one its first is of how many. */
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
  return withAlbums(rows);
}

/** Pictures of one sender that follow each other this closely were sent together. */
const ALBUM_MS = 60_000;
const ALBUM_MAX = 12;

function withAlbums(rows: ThreadRow[]): ThreadRow[] {
  const joined: ThreadRow[] = [];
  for (const row of rows) {
    const last = joined.at(-1);
    const album = last && joinAlbum(last, row);
    if (album) joined[joined.length - 1] = album;
    else joined.push(row);
  }
  return joined;
}

function joinAlbum(last: ThreadRow, row: ThreadRow): AlbumRow | null {
  if (row.kind !== "message" || row.firstOfGroup || !isBare(row.message) || row.outgoing) return null;
  if (last.kind !== "album" && (last.kind !== "message" || last.outgoing || !isBare(last.message)))
    return null;
  const messages = last.kind === "album" ? last.messages : [last.message];
  const before = messages.at(-1);
  const gap = before ? Date.parse(row.message.timestamp) - Date.parse(before.timestamp) : 0;
  if (gap > ALBUM_MS || messages.length >= ALBUM_MAX) return null;
  return {
    kind: "album",
    key: last.key,
    messages: [...messages, row.message],
    at: last.at,
    of: last.of,
    firstOfGroup: last.firstOfGroup,
    lastOfGroup: row.lastOfGroup,
  };
}

/** A picture or a video, and nothing else to say: it is here, or comes by itself. */
function isBare(message: Message): boolean {
  const { media, caption, replyTo, forwarded, edited, revoked, status } = message;
  if (!media || (media.fileType !== "image" && media.fileType !== "video")) return false;
  if (caption || replyTo !== null || forwarded || edited || revoked) return false;
  if (status === "failed" || status === "unknown") return false;
  const comes = media.policy === "store" && media.downloadStatus !== "failed";
  const isSound = media.isActive && media.scanStatus !== "quarantined" && media.integrity !== "mismatch";
  return isSound && (comes || media.downloadStatus === "completed");
}

/** Whether a row shows a message. */
export function shows(row: ThreadRow, messageId: number | null): boolean {
  if (row.kind === "album") return row.messages.some(({ id }) => id === messageId);
  return row.kind === "message" && row.message.id === messageId;
}

/** How many pictures stand side by side in each line of an album. */
export function albumLines(count: number): number[] {
  if (count === 3) return [1, 2];
  const twos = count % 3 === 0 ? 0 : 3 - (count % 3);
  const threes = Math.max(0, (count - twos * 2) / 3);
  return [...Array<number>(twos).fill(2), ...Array<number>(threes).fill(3)];
}

export const ALBUM = { width: 320, gap: 3 };

/** How high a line of an album is: one picture alone is wide, the others are squares. */
export function lineHeight(count: number): number {
  return count === 1 ? 200 : Math.floor((ALBUM.width - ALBUM.gap * (count - 1)) / count);
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
  if (row.kind === "album") {
    const heights = albumLines(row.messages.length).map(lineHeight);
    const lines = heights.reduce((sum, height) => sum + height + ALBUM.gap, 0);
    return 8 + lines + (row.firstOfGroup ? 12 : 2);
  }
  if (row.kind !== "message") return 48;
  const { message } = row;
  const words = message.caption ?? message.text ?? "";
  const text = Math.ceil(words.length / LETTERS_PER_LINE) * LINE_HEIGHT;
  const files = message.media ? [message.media] : message.attachments;
  const media = files.reduce((height, file) => height + mediaBox(file).height + 8, 0);
  const extras = (message.replyTo === null ? 0 : 56) + (message.reactions.length > 0 ? 24 : 0);
  return 18 + text + media + extras + (row.firstOfGroup ? 12 : 2);
}
