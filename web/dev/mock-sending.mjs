// Sending as the mock plays it: messages are queued, go through their statuses, and fail where a fault was armed.

/** Between one status and the next. */
const STEP_MS = 400;

export function makeSending(data, { emit, complete, Problem, fail }) {
  const byClientId = new Map();
  const faults = new Map();
  let faultId = 0;

  const changed = (message, fields) => {
    Object.assign(message, fields, { updatedAt: new Date().toISOString() });
    emit("message.updated", { conversationId: message.conversationId, messageId: message.id });
    emit("conversation.updated", { conversationId: message.conversationId });
  };

  /** Plays what becomes of a message at WhatsApp. */
  const deliver = (message, target) => {
    const steps = ["accepted", "sent", "delivered", "read"];
    const step = () => {
      if (!data.messages.has(message.id) || message.status === "failed") return;
      const fault = [...faults.values()].find(({ at }) => at === "send");
      if (message.status === "queued" && fault?.kind === "token_expired") return setTimeout(step, STEP_MS);
      if (message.status === "queued" && fault?.kind === "permission") {
        const error = { code: fault.code ?? 10, message: fault.message ?? "Permission denied" };
        return changed(message, { status: "failed", error });
      }
      const status = steps.shift();
      if (status === undefined) return;
      const wamid = `wamid.${message.id}`;
      if (status === "accepted" && target) react(target, message);
      changed(message, { status, providerMessageId: wamid });
      setTimeout(step, STEP_MS);
    };
    setTimeout(step, STEP_MS);
  };

  const react = (target, { senderPhone, emoji }) => {
    const others = target.reactions.filter(({ from }) => from !== senderPhone);
    changed(target, { reactions: emoji ? [...others, { emoji, from: senderPhone }] : others });
  };

  const queue = (fields, file) => {
    const known = fields.clientId && byClientId.get(fields.clientId);
    if (known) return { status: 200, body: known };
    const conversation = data.conversations.find(({ id }) => id === Number(fields.conversationId)) ?? fail();
    const target = fields.replyTo ? (data.messages.get(Number(fields.replyTo)) ?? fail()) : null;
    const own = { direction: "outbound", status: "queued", clientId: fields.clientId ?? null };
    if (fields.type === "reaction") {
      const message = { ...target, ...own, id: 1_000_000 + byClientId.size, type: "reaction", text: null };
      Object.assign(message, { media: null, emoji: fields.emoji, senderPhone: oursOn(target) });
      data.reactions.set(message.id, message);
      byClientId.set(fields.clientId, message);
      setTimeout(() => react(target, message), STEP_MS);
      return { status: 201, body: message };
    }
    const message = file
      ? withFile(conversation, fields, file, own)
      : data.addMessage(conversation, Date.now(), own);
    Object.assign(message, {
      text: fields.text ?? null,
      caption: fields.caption ?? null,
      replyTo: target?.id ?? null,
      isReply: target !== null,
      providerMessageId: null,
    });
    if (fields.clientId) byClientId.set(fields.clientId, message);
    emit("message.created", { conversationId: conversation.id, messageId: message.id });
    emit("conversation.updated", { conversationId: conversation.id });
    deliver(message, null);
    return { status: 201, body: message };
  };

  const withFile = (conversation, { type, fileName, voice }, file, message) => {
    if (file.bytes.length < 20) {
      const detail = `the file is of no known type by its bytes; as ${type} WhatsApp takes others`;
      throw new Problem(415, "unsupported_media_type", detail);
    }
    const sent = data.addMedia(conversation, Date.now(), type, file, {
      message,
      voice: voice === "true",
      fileName: type === "document" ? (fileName ?? file.name) : null,
    });
    sent.media.variants = [];
    complete(sent.media);
    return sent;
  };

  const messageOf = (id) => data.messages.get(Number(id)) ?? fail();

  return {
    queue,
    routes: [
      [
        "POST",
        "/api/messages/:id/retry",
        ([id]) => {
          const message = messageOf(id);
          if (!["failed", "unknown"].includes(message.status)) {
            throw new Problem(409, "conflict", `the message is ${message.status}`);
          }
          changed(message, { status: "queued", error: null });
          deliver(message, null);
          return message;
        },
      ],
      [
        "DELETE",
        "/api/messages/:id",
        ([id]) => {
          const message = messageOf(id);
          if (message.status !== "queued")
            throw new Problem(409, "conflict", `the message is ${message.status}`);
          data.messages.delete(message.id);
          emit("message.updated", { conversationId: message.conversationId, messageId: message.id });
        },
      ],
      [
        "POST",
        "/api/messages/:id/forward",
        ([id], { body }) => {
          const { type, text, caption, media } = messageOf(id);
          const items = body.conversationIds.map((conversationId) => {
            const sample = media && data.bytes.get(media.id);
            const message = queue({ conversationId, type, text, caption }, sample).body;
            message.forwarded = true;
            return message;
          });
          return { status: 201, body: { items } };
        },
      ],
      [
        "POST",
        "/_control/faults",
        (_, { body }) => {
          faultId += 1;
          faults.set(faultId, body);
          return { id: faultId };
        },
      ],
      ["DELETE", "/_control/faults/:id", ([id]) => void faults.delete(Number(id))],
    ],
  };
}

const oursOn = ({ direction, senderPhone, receivingPhone }) =>
  (direction === "outbound" ? senderPhone : receivingPhone) ?? "15550783881";

/** A form's fields, and its file. */
export async function readForm(contentType, bytes) {
  const form = await new Response(bytes, { headers: { "Content-Type": contentType } }).formData();
  const file = form.get("file");
  form.delete("file");
  const sample = file && {
    name: file.name,
    mime: file.type.split(";")[0],
    bytes: Buffer.from(await file.arrayBuffer()),
  };
  return { fields: Object.fromEntries(form), file: sample };
}
