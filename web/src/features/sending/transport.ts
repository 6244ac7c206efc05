import { sendFile, sendMessage } from "@/api/send";
import type { Transport } from "@/features/sending/sender";

/** Hands one message of the outbox to the server. */
export const transport: Transport = ({ conversationId, clientId, content, replyTo }, options) => {
  const common = { conversationId, clientId, ...(replyTo === null ? {} : { replyTo }) };
  switch (content.type) {
    case "text":
      return sendMessage({ ...common, type: "text", text: content.text }, options.signal);
    case "reaction":
      return sendMessage(
        { ...common, type: "reaction", emoji: content.emoji, replyTo: replyTo ?? 0 },
        options.signal,
      );
    case "file": {
      const { file, type, caption, voice, convert } = content.file;
      const message = {
        ...common,
        type,
        ...(caption.trim() === "" ? {} : { caption: caption.trim() }),
        ...(type === "document" ? { fileName: file.name } : {}),
        ...(voice ? { voice } : {}),
        ...(convert ? { convert } : {}),
      };
      return sendFile(message, file, options);
    }
  }
};
