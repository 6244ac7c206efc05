/** What the API answers, under the names of the server's OpenAPI document; `npm run api` writes `schema.gen.ts` from it. */
import type { components } from "@mediary/media/schema.gen";
import type { MediaFile } from "@mediary/media/types";

export type {
  DownloadError,
  FieldError,
  FileType,
  MediaFile,
  MediaStatus,
  Page,
  Problem,
  Variant,
} from "@mediary/media/types";

type Schemas = components["schemas"];

export type Contact = Schemas["Contact"];
export type Conversation = Omit<Schemas["Conversation"], "lastMessage"> & { lastMessage: Message | null };
export type Me = Schemas["Me"];
export type Message = Omit<Schemas["Message"], "media" | "attachments"> & {
  media: MediaFile | null;
  attachments: MediaFile[];
};
export type MessageStatus = Schemas["MessageStatus"];
export type MessageType = Schemas["MessageType"];
export type Reaction = Schemas["Reaction"];

export type Account = Schemas["WhatsappAccount"];
export type AccountChange = Schemas["WhatsappAccountChange"];
export type NewAccount = Schemas["NewWhatsappAccount"];
export type ApiKey = Schemas["ApiKey"];
export type AuditEntry = Schemas["AuditEntry"];
export type CreatedApiKey = Schemas["CreatedApiKey"];
export type MediaPolicy = Schemas["MediaPolicy"];
export type MediaSettings = Schemas["MediaSettings"];
export type MediaSettingsChange = Schemas["MediaSettingsChange"];
export type PolicyPreview = Schemas["MediaPolicyPreview"];
export type Provider = Schemas["Provider"];
export type Retention = Schemas["Retention"];
export type RetentionMode = Schemas["RetentionMode"];
export type Role = Schemas["Role"];
export type StorageCheck = Schemas["StorageCheck"];
export type StoredFiles = Schemas["Files"];
export type Usage = Schemas["Usage"];
export type User = Schemas["User"];
export type UserChange = Schemas["UserChange"];
export type WebhookEvent = Schemas["WebhookEvent"];

export type AccountCheck = Schemas["AccountCheck"];
export type Activity = Schemas["Activity"];
export type Finding = Schemas["Finding"];
export type RetentionPreview = Schemas["RetentionPreview"];
export type Session = Schemas["Session"];
export type Readiness = Schemas["Readiness"];

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
