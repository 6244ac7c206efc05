/** What the API answers. One type for each schema of the server's OpenAPI document, under the same name. */

export type Role = "viewer" | "agent" | "manager" | "admin";

export type User = {
  id: number;
  companyId: number;
  email: string;
  name: string;
  role: Role;
};

export type Page<T> = {
  items: T[];
  nextCursor: string | null;
  hasMore: boolean;
};

export type Contact = {
  id: number;
  waId: string | null;
  userId: string | null;
  phone: string | null;
  name: string | null;
};

export type Direction = "inbound" | "outbound";

export type MessageType =
  | "text"
  | "image"
  | "video"
  | "audio"
  | "document"
  | "sticker"
  | "reaction"
  | "location"
  | "contacts"
  | "interactive"
  | "button"
  | "order"
  | "template"
  | "system"
  | "unsupported";

export type MessageStatus =
  | "received"
  | "queued"
  | "uploading"
  | "accepted"
  | "sent"
  | "delivered"
  | "read"
  | "played"
  | "failed"
  | "unknown";

export type FileType = "image" | "video" | "audio" | "document" | "sticker";
export type MediaPolicy = "store" | "on_view" | "stream";
export type DownloadStatus = "pending" | "downloading" | "completed" | "failed";

export type Reaction = { emoji: string; from: string };

export type MediaError = {
  code: string;
  message: string;
  retryable: boolean;
  nextAttemptAt: string | null;
};

export type MediaVariant = {
  kind: string;
  mimeType: string;
  width: number | null;
  height: number | null;
  fileSize: number;
  url: string;
};

export type MediaFile = {
  id: number;
  companyId: number;
  conversationId: number;
  messageId: number;
  fileKey: string | null;
  fileName: string | null;
  fileUrl: string | null;
  fileSize: number | null;
  fileType: FileType;
  mimeType: string | null;
  detectedMimeType: string | null;
  sha256: string | null;
  voice: boolean;
  animated: boolean;
  width: number | null;
  height: number | null;
  durationMs: number | null;
  thumbhash: string | null;
  integrity: "verified" | "mismatch" | "undeclared" | null;
  scanStatus: "unscanned" | "clean" | "quarantined" | "released" | null;
  expiresAt: string | null;
  isActive: boolean;
  variants: MediaVariant[];
  providerMediaId: string | null;
  policy: MediaPolicy;
  downloadStatus: DownloadStatus;
  downloadAttempts: number;
  lastError: MediaError | null;
  url: string;
  storedAt: string | null;
  createdAt: string;
  updatedAt: string;
};

export type MediaStatus = {
  status: DownloadStatus;
  progress: number | null;
  bytesDownloaded: number;
  fileSize: number | null;
  error: { code: string; message: string; retryable: boolean; retryAfterSeconds: number | null } | null;
};

export type Message = {
  id: number;
  companyId: number;
  conversationId: number;
  direction: Direction;
  type: MessageType;
  status: MessageStatus;
  text: string | null;
  caption: string | null;
  providerMessageId: string | null;
  providerMediaId: string | null;
  mediaMimeType: string | null;
  media: MediaFile | null;
  senderPhone: string | null;
  senderName: string | null;
  receivingPhone: string | null;
  whatsappAccountId: number;
  awsPhoneNumberId: string | null;
  replyTo: number | null;
  forwarded: boolean;
  reactions: Reaction[];
  edited: boolean;
  revoked: boolean;
  error: { code: string | number; message: string } | null;
  timestamp: string;
  createdAt: string;
  updatedAt: string;
};

/** What a row of the conversation list needs of the last message; a whole message fits as well. */
export type LastMessage = Pick<Message, "id" | "direction" | "type" | "status"> &
  Partial<Pick<Message, "text" | "caption" | "timestamp" | "revoked">> & {
    media?: Partial<Pick<MediaFile, "fileType" | "voice" | "fileName">> | null;
  };

export type Conversation = {
  id: number;
  whatsappAccountId: number;
  contact: Contact;
  lastMessage: LastMessage | null;
  lastMessageAt: string | null;
  unreadCount: number;
};

/** `application/problem+json`. */
export type Problem = {
  title: string;
  status: number;
  detail?: string;
  code: string;
  retryable?: boolean;
  retryAfterSeconds?: number;
  requestId?: string;
  errors?: { field: string; message: string }[];
};

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
