/** What the API answers, under the names of the server's OpenAPI document; `npm run api` writes `schema.gen.ts` from it. */
import type { components } from "@/api/schema.gen";

type Schemas = components["schemas"];

export type Contact = Schemas["Contact"];
export type Conversation = Omit<Schemas["Conversation"], "lastMessage"> & { lastMessage: Message | null };
export type DownloadError = Schemas["DownloadError"];
export type FileType = Schemas["FileType"];
export type Me = Schemas["Me"];
/** What the inbox shows belongs to a message; only files of the library do not. */
export type MediaFile = Schemas["MediaFile"] & { conversationId: number; messageId: number };
export type MediaStatus = Schemas["MediaStatus"];
export type Message = Omit<Schemas["Message"], "media" | "attachments"> & {
  media: MediaFile | null;
  attachments: MediaFile[];
};
export type MessageStatus = Schemas["MessageStatus"];
export type MessageType = Schemas["MessageType"];
/** `application/problem+json`. */
export type Problem = Schemas["Problem"];
export type Reaction = Schemas["Reaction"];
export type Variant = Schemas["Variant"];

/** One page of any list; the document has no generic types, and names one for each list. */
export type Page<T> = Omit<Schemas["Page_Message"], "items"> & { items: T[] };

/** The document knows the event stream as text; these are its names and their data. */
export type LiveEventName =
  | "message.created"
  | "message.updated"
  | "conversation.updated"
  | "media.progress"
  | "media.completed"
  | "media.failed"
  | "media.deleted"
  | "account.updated";

export type LiveEvent = {
  conversationId?: number;
  messageId?: number;
  mediaId?: number;
  status?: string;
  bytesDownloaded?: number;
  fileSize?: number | null;
};
