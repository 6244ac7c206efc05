import type { InfiniteData } from "@tanstack/react-query";
import { newerPosition, type ThreadData } from "@/api/queries";
import type { Conversation, MediaFile, Message, Page } from "@/api/types";

/** Pure changes to what the query cache holds, for one thing that the server said is new. */

/** Whether the loaded part of a thread reaches down to its newest message. */
export function reachesNewest(thread: ThreadData): boolean {
  const [page, position] = [thread.pages[0], thread.pageParams[0]];
  return page !== undefined && position !== undefined && newerPosition(page, position) === undefined;
}

/** Whether a record was changed after this state of it. As text the times do not compare: their fractions of a second differ in length. */
export function isNewer(known: { updatedAt: string }, than: { updatedAt: string }): boolean {
  return Date.parse(known.updatedAt) > Date.parse(than.updatedAt);
}

/** The messages of a thread, oldest first, each once: pages around a message overlap their neighbours. */
export function messagesInOrder(thread: ThreadData): Message[] {
  const byId = new Map<number, Message>();
  for (const page of thread.pages) {
    for (const message of page.items) {
      const known = byId.get(message.id);
      if (!known || isNewer(message, known)) byId.set(message.id, message);
    }
  }
  return [...byId.values()].sort(byTime);
}

function byTime(a: Message, b: Message): number {
  return Date.parse(a.timestamp) - Date.parse(b.timestamp) || a.id - b.id;
}

/** Replaces a message that is loaded unless that is newer, or adds one that belongs below what is loaded. */
export function upsertMessage(thread: ThreadData, message: Message): ThreadData {
  const known = thread.pages.some((page) => page.items.some((item) => item.id === message.id));
  if (known) {
    // The answer to a request may come after an event that was told later.
    const isOlder = (item: Message) => item.id === message.id && !isNewer(item, message);
    return mapMessages(thread, (item) => (isOlder(item) ? message : item));
  }
  const [first, ...rest] = thread.pages;
  if (first === undefined || !reachesNewest(thread)) return thread;
  const items = [message, ...first.items].sort((a, b) => byTime(b, a));
  return { ...thread, pages: [{ ...first, items }, ...rest] };
}

export function removeMessage(thread: ThreadData, id: number): ThreadData {
  const pages = thread.pages.map((page) =>
    page.items.some((item) => item.id === id)
      ? { ...page, items: page.items.filter((item) => item.id !== id) }
      : page,
  );
  return { ...thread, pages };
}

export function patchThreadMedia(thread: ThreadData, media: MediaFile): ThreadData {
  return mapMessages(thread, (item) => (item.id === media.messageId ? patchMessageMedia(item, media) : item));
}

export function patchMessageMedia(message: Message, media: MediaFile): Message {
  if (media.part === 0) return { ...message, media };
  const attachments = message.attachments.map((file) => (file.id === media.id ? media : file));
  return { ...message, attachments };
}

export function mapMessages(thread: ThreadData, change: (message: Message) => Message): ThreadData {
  return { ...thread, pages: mapPages(thread.pages, change) };
}

export function patchMediaList(
  list: InfiniteData<Page<MediaFile>>,
  media: MediaFile,
): InfiniteData<Page<MediaFile>> {
  const pages = media.isActive
    ? mapPages(list.pages, (item) => (item.id === media.id ? media : item))
    : list.pages.map((page) => ({ ...page, items: page.items.filter((item) => item.id !== media.id) }));
  return { ...list, pages };
}

/** Moves a conversation to its place by last activity, adding it if it is new. */
export function upsertConversation(
  list: InfiniteData<Page<Conversation>>,
  conversation: Conversation,
): InfiniteData<Page<Conversation>> {
  const without = list.pages.map((page) => ({
    ...page,
    items: page.items.filter((item) => item.id !== conversation.id),
  }));
  const at = without.findIndex((page) => page.items.some((item) => isOlder(item, conversation)));
  const last = without.length - 1;
  // Older than everything loaded: it belongs to a page not fetched yet, unless there is none.
  if (at === -1 && (last < 0 || without[last]?.hasMore)) return { ...list, pages: without };
  const target = at === -1 ? last : at;
  const pages = without.map((page, index) => {
    if (index !== target) return page;
    const position = page.items.findIndex((item) => isOlder(item, conversation));
    const items = [...page.items];
    items.splice(position === -1 ? items.length : position, 0, conversation);
    return { ...page, items };
  });
  return { ...list, pages };
}

function isOlder(a: Conversation, b: Conversation): boolean {
  return (Date.parse(a.lastMessageAt) - Date.parse(b.lastMessageAt) || a.id - b.id) < 0;
}

/** Keeps the identity of what did not change, so that only the changed rows render again. */
function mapPages<T>(pages: Page<T>[], change: (item: T) => T): Page<T>[] {
  return pages.map((page) => {
    const items = page.items.map(change);
    return items.some((item, index) => item !== page.items[index]) ? { ...page, items } : page;
  });
}
