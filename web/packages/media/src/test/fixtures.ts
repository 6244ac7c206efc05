import type { DownloadError, MediaFile, Variant } from "../types";

export const T0 = Date.parse("2026-03-02T10:00:00Z");

export function media(fields: Partial<MediaFile> = {}): MediaFile {
  return {
    id: 7,
    companyId: 1,
    conversationId: 1,
    messageId: 3,
    part: 0,
    fileKey: null,
    fileName: null,
    fileUrl: null,
    fileSize: 2_400_000,
    fileType: "image",
    mimeType: "image/jpeg",
    detectedMimeType: null,
    sha256: null,
    voice: false,
    animated: false,
    width: 1600,
    height: 1200,
    durationMs: null,
    thumbhash: null,
    integrity: null,
    scanStatus: "unscanned",
    expiresAt: new Date(T0 + 7 * 24 * 3_600_000).toISOString(),
    isActive: true,
    variants: [],
    variantsError: null,
    pages: null,
    names: [],
    unplayable: null,
    providerMediaId: "900",
    policy: "store",
    downloadStatus: "completed",
    downloadAttempts: 1,
    lastError: null,
    url: "/api/media/messages/3",
    storedAt: null,
    createdAt: new Date(T0).toISOString(),
    updatedAt: new Date(T0).toISOString(),
    ...fields,
  };
}

export function variant(kind: string, fields: Partial<Variant> = {}): Variant {
  return {
    kind,
    mimeType: "image/webp",
    width: null,
    height: null,
    fileSize: 1,
    url: `/v/${kind}`,
    ...fields,
  };
}

export function downloadError(fields: Partial<DownloadError> = {}): DownloadError {
  return { code: "provider_timeout", message: "Too slow.", retryable: true, nextAttemptAt: null, ...fields };
}
