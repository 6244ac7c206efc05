import { ApiError, api } from "@mediary/media/server/client";
import { RESUMABLE_FROM_BYTES, uploadResumably } from "@/api/resumable";
import type { NewFileMessage, NewMessage } from "@/api/send-types";
import type { Message } from "@/api/types";
import { postForm } from "@/api/upload";

/** Messages that go out. */

export const sendMessage = (message: NewMessage, signal: AbortSignal) =>
  api.post<Message>("/api/messages", { body: message, signal });

/** The fields go first, so that the server knows what a file is for when it comes. */
export async function sendFile(
  message: NewFileMessage,
  file: File,
  options: { signal: AbortSignal; onProgress: (share: number) => void },
): Promise<Message> {
  const form = new FormData();
  for (const [name, value] of Object.entries(message)) {
    if (value !== undefined) form.set(name, String(value));
  }
  if (file.size < RESUMABLE_FROM_BYTES) form.set("file", file, file.name);
  else {
    const uploadId = await uploadResumably(file, message.clientId, options).catch((error) => {
      // Too many uploads have begun: it goes in one request, as smaller ones do.
      if (error instanceof ApiError && error.status === 429) return null;
      throw error;
    });
    if (uploadId === null) form.set("file", file, file.name);
    else {
      form.set("uploadId", String(uploadId));
      return postForm<Message>("/api/messages", form, { ...options, onProgress: () => {} });
    }
  }
  return postForm<Message>("/api/messages", form, options);
}

export const sendAgain = (messageId: number) => api.post<Message>(`/api/messages/${messageId}/retry`);

export const takeBack = (messageId: number) => api.delete(`/api/messages/${messageId}`);

/** Asked for again with the same `clientId`, nothing is sent again. */
export const forwardMessage = (messageId: number, conversationIds: number[], clientId: string) =>
  api.post<{ items: Message[] }>(`/api/messages/${messageId}/forward`, {
    body: { conversationIds, clientId },
  });
