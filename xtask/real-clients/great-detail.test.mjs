// @great-detail/whatsapp, once Meta's own for Node. What is set: base URL (`prefixUrl`) and the header with the token.
// Version 9 needs Node 22.
import assert from "node:assert/strict";
import Client from "@great-detail/whatsapp";
import { scenario } from "./scenario.mjs";
import { CUSTOMER, phoneNumberId, simulator, VERIFY_TOKEN } from "./support.mjs";

scenario((token) => {
  const request = { headers: { Authorization: `Bearer ${token}` } };
  const client = new Client({ prefixUrl: simulator.url, request });
  const send = async (message) => {
    const answer = await client.message
      .createMessage({ phoneNumberID: phoneNumberId, to: CUSTOMER, ...message })
      .json();
    return answer.messages[0].id;
  };
  const getURL = (mediaID) => client.media.getURL({ mediaID, phoneNumberID: phoneNumberId }).json();
  const download = (mediaURL) => client.media.download({ mediaURL, request }).arrayBuffer();
  return {
    async upload({ blob, name, type }) {
      const file = { phoneNumberID: phoneNumberId, file: blob, filename: name, mimeType: type };
      return (await client.media.upload(file).json()).id;
    },
    async describe(id) {
      const { mime_type, sha256, file_size } = await getURL(id);
      return { mimeType: mime_type, sha256, size: Number(file_size) };
    },
    download: async (id) => download((await getURL(id)).url),
    fetch: download,
    async remove(mediaID) {
      return (await client.media.delete({ mediaID, phoneNumberID: phoneNumberId }).json()).success;
    },
    sendText: (body) => send({ type: "text", text: { body } }),
    sendImage: (id, caption) => send({ type: "image", image: { id, caption } }),
    sendVoice: (id) => send({ type: "audio", audio: { id, voice: true } }),
    sendDocument: (id, filename) => send({ type: "document", document: { id, filename } }),
    async markRead(message_id) {
      const typing_indicator = { type: "text" };
      const read = { phoneNumberID: phoneNumberId, message_id, status: "read", typing_indicator };
      return (await client.message.createStatus(read).json()).success;
    },
    async failure(call) {
      const failed = await call().catch((error) => error);
      assert.ok(failed.response, `${failed} is no answer of Graph's`);
      const { error } = await failed.response.json();
      return { code: error.code, subcode: error.error_subcode };
    },
    async challenge(query) {
      const handshake = await client.webhook.register({ method: "GET", query });
      assert.equal(handshake.verifyToken, VERIFY_TOKEN);
      return handshake.accept();
    },
    async take(body, signature) {
      const headers = { "x-hub-signature-256": signature };
      const webhook = await client.webhook.eventNotification({ method: "POST", query: {}, headers, body });
      await webhook.verifySignature(simulator.secret);
      const values = webhook.eventNotification.entry.flatMap(({ changes }) =>
        changes.map(({ value }) => value),
      );
      return values.flatMap(({ contacts, messages = [], statuses = [] }) => [
        ...messages.map((message) => readMessage(message, contacts[0])),
        ...statuses.map(({ id, status, recipient_id }) => ({ id, status, to: recipient_id })),
      ]);
    },
  };
});

function readMessage(message, contact) {
  const node = message[message.type];
  const media = { ...node, mimeType: node.mime_type };
  const name = contact.profile.name;
  return {
    id: message.id,
    kind: message.type,
    from: message.from,
    name,
    text: node.caption ?? node.body,
    media,
  };
}
