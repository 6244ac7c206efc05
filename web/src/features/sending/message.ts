import type { MediaFile, Message, MessageStatus, Variant } from "@/api/types";
import type { Outgoing, OutgoingFile } from "@/features/sending/outbox";
import { texts } from "@/texts";

/** An outgoing message in the form of one that the server has, so that the thread shows both alike. Its ids are below zero. */
export function messageOf(item: Outgoing): Message {
  const { content, createdAt, conversationId, clientId } = item;
  const file = content.type === "file" ? content.file : null;
  return {
    id: -item.number,
    clientId,
    companyId: 0,
    conversationId,
    direction: "outbound",
    type: file?.type ?? "text",
    status: statusOf(item),
    text: content.type === "text" ? content.text : null,
    caption: file?.caption.trim() || null,
    providerMessageId: null,
    providerMediaId: null,
    mediaMimeType: file?.file.type || null,
    media: file && mediaOf(item, file),
    attachments: [],
    senderPhone: null,
    senderName: null,
    receivingPhone: null,
    whatsappAccountId: 0,
    awsPhoneNumberId: null,
    replyTo: item.replyTo,
    isReply: item.replyTo !== null,
    forwarded: false,
    frequentlyForwarded: false,
    reactions: [],
    edited: false,
    revoked: false,
    error: null,
    timestamp: createdAt,
    createdAt,
    updatedAt: createdAt,
  };
}

function statusOf({ state, content }: Outgoing): MessageStatus {
  if (state === "failed") return "failed";
  return state === "sending" && content.type === "file" ? "uploading" : "queued";
}

function mediaOf(item: Outgoing, out: OutgoingFile): MediaFile {
  const { file, type, url, width, height, durationMs } = out;
  const { createdAt, conversationId } = item;
  const pictures = picturesOf(out);
  return {
    id: -item.number,
    companyId: 0,
    conversationId,
    messageId: -item.number,
    part: 0,
    fileKey: null,
    fileName: type === "document" || type === "audio" ? file.name : null,
    fileUrl: null,
    fileSize: file.size,
    fileType: type,
    mimeType: file.type || null,
    detectedMimeType: null,
    sha256: null,
    voice: out.voice,
    animated: false,
    width,
    height,
    durationMs,
    thumbhash: null,
    integrity: null,
    scanStatus: "unscanned",
    expiresAt: createdAt,
    isActive: true,
    variants: pictures,
    // Of a document nothing else is expected; of the others nobody need be asked.
    variantsError: pictures.length > 0 || type === "document" ? null : texts.sending.noPreview,
    pages: null,
    names: [],
    unplayable: null,
    providerMediaId: null,
    policy: "store",
    downloadStatus: "completed",
    downloadAttempts: 0,
    lastError: null,
    url,
    storedAt: createdAt,
    createdAt,
    updatedAt: createdAt,
  };
}

/** The picture that this browser has of a file serves in every size; of a PDF the place of its first page is kept. */
function picturesOf({ file, type, url, isPicture, width, height }: OutgoingFile): Variant[] {
  const of = { mimeType: file.type, width, height, fileSize: file.size };
  if (isPicture) return ["thumb", "preview"].map((kind) => ({ ...of, kind, url }));
  const isPdf = type === "document" && file.type === "application/pdf";
  return isPdf ? [{ ...of, kind: "preview", url: BLANK }] : [];
}

/** One transparent pixel. */
const BLANK = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
