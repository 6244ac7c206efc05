import { T0 } from "@mediary/media/test/fixtures";
import type { ThreadData, ThreadPosition } from "@/api/queries";
import type { Conversation, Message, Page } from "@/api/types";
import type { Outgoing } from "@/features/sending/outbox";

export { downloadError, media, T0, variant } from "@mediary/media/test/fixtures";

/** Messages are a minute apart by their id unless told otherwise. */
export function message(id: number, fields: Partial<Message> = {}): Message {
  const time = new Date(T0 + id * 60_000).toISOString();
  return {
    id,
    companyId: 1,
    conversationId: 1,
    direction: "inbound",
    type: "text",
    status: "received",
    text: `Text ${id}`,
    caption: null,
    providerMessageId: `wamid.${id}`,
    providerMediaId: null,
    mediaMimeType: null,
    media: null,
    attachments: [],
    senderPhone: "4915100000",
    senderName: "Amelia Hart",
    receivingPhone: null,
    whatsappAccountId: 1,
    awsPhoneNumberId: null,
    clientId: null,
    replyTo: null,
    isReply: false,
    forwarded: false,
    frequentlyForwarded: false,
    reactions: [],
    edited: false,
    revoked: false,
    error: null,
    timestamp: time,
    createdAt: time,
    updatedAt: time,
    ...fields,
  };
}

/** Pages of a thread, newest first as the server sends them. */
export function thread(...pages: [ThreadPosition, number[]][]): ThreadData {
  return {
    pages: pages.map(([, ids]) => page(ids.map((id) => message(id)))),
    pageParams: pages.map(([position]) => position),
  };
}

export function page<T>(items: T[], nextCursor: string | null = null): Page<T> {
  return { items, nextCursor, hasMore: nextCursor !== null };
}

export function conversation(id: number, minute: number, fields: Partial<Conversation> = {}): Conversation {
  return {
    id,
    whatsappAccountId: 1,
    contact: { id, waId: `49151${id}`, userId: null, phone: null, name: `Customer ${id}` },
    lastMessage: null,
    lastMessageAt: new Date(T0 + minute * 60_000).toISOString(),
    unreadCount: 0,
    ...fields,
  };
}

/** A text on its way out. */
export function outgoing(number: number, fields: Partial<Outgoing> = {}): Outgoing {
  return {
    number,
    clientId: `c${number}`,
    conversationId: 1,
    content: { type: "text", text: `Outgoing ${number}` },
    replyTo: null,
    createdAt: new Date(T0 + number * 60_000).toISOString(),
    state: "waiting",
    reason: null,
    attempts: 0,
    ...fields,
  };
}
