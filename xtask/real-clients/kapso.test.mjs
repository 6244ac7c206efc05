// @kapso/whatsapp-cloud-api. What is set: base URL, token.
import assert from "node:assert/strict";
import { test } from "node:test";
import { GraphApiError, WhatsAppClient } from "@kapso/whatsapp-cloud-api";
import { normalizeWebhook, verifySignature } from "@kapso/whatsapp-cloud-api/server";
import { scenario } from "./scenario.mjs";
import { CUSTOMER, FILES, phoneNumberId, simulator, VERIFY_TOKEN } from "./support.mjs";

const connect = (accessToken) => {
  const client = new WhatsAppClient({ baseUrl: simulator.url, accessToken });
  const to = { phoneNumberId, to: CUSTOMER };
  const idOf = ({ messages: [message] }) => message.id;
  return {
    async upload({ type, blob, name }) {
      return (await client.media.upload({ phoneNumberId, type, file: blob, fileName: name })).id;
    },
    async describe(mediaId) {
      const { mimeType, sha256, fileSize } = await client.media.get({ mediaId, phoneNumberId });
      return { mimeType, sha256, size: Number(fileSize) };
    },
    download: (mediaId) => client.media.download({ mediaId, phoneNumberId, auth: "always" }),
    fetch: async (url) => (await client.fetch(url)).arrayBuffer(),
    remove: async (mediaId) => (await client.media.delete({ mediaId, phoneNumberId })).success,
    sendText: async (body) => idOf(await client.messages.sendText({ ...to, body })),
    sendImage: async (id, caption) =>
      idOf(await client.messages.sendImage({ ...to, image: { id, caption } })),
    sendVoice: async (id) => idOf(await client.messages.sendAudio({ ...to, audio: { id, voice: true } })),
    sendDocument: async (id, filename) =>
      idOf(await client.messages.sendDocument({ ...to, document: { id, filename } })),
    async markRead(messageId) {
      const typingIndicator = { type: "text" };
      return (await client.messages.markRead({ phoneNumberId, messageId, typingIndicator })).success;
    },
    async failure(call) {
      const error = await call().catch((error) => error);
      assert.ok(error instanceof GraphApiError, `${error} is no error of Graph's`);
      return { code: error.code, subcode: error.errorSubcode };
    },
    // The package has no function for the handshake.
    challenge: (query) => (query["hub.verify_token"] === VERIFY_TOKEN ? query["hub.challenge"] : "no"),
    take(rawBody, signatureHeader) {
      assert.ok(verifySignature({ appSecret: simulator.secret, rawBody, signatureHeader }));
      const { contacts, messages, statuses } = normalizeWebhook(JSON.parse(rawBody));
      return [
        ...messages.map((message) => readMessage(message, contacts[0])),
        ...statuses.map(({ id, status, recipientId }) => ({ id, status, to: recipientId })),
      ];
    },
  };
};

function readMessage(message, contact) {
  const media = message[message.type];
  return {
    id: message.id,
    kind: message.type,
    from: message.from,
    name: contact.profile.name,
    text: media.caption ?? media.body,
    media,
  };
}

scenario(connect);

test("bytes are refused to whoever shows no token, as this client does by default", async () => {
  const client = new WhatsAppClient({ baseUrl: simulator.url, accessToken: simulator.token });
  const { type, blob: file } = FILES.image;
  const { id: mediaId } = await client.media.upload({ phoneNumberId, type, file });
  assert.equal((await client.media.download({ mediaId, as: "response" })).status, 401);
});
