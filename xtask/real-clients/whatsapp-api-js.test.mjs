// whatsapp-api-js. What is set: token, app secret, version, and `fetch`, since Graph's address is fixed in it.
import assert from "node:assert/strict";
import { WhatsAppAPI } from "whatsapp-api-js";
import { Audio, Document, Image, Text } from "whatsapp-api-js/messages";
import { scenario } from "./scenario.mjs";
import { CUSTOMER, phoneNumberId, simulator, VERIFY_TOKEN } from "./support.mjs";

const ofTheSimulator = (url, options) =>
  fetch(String(url).replace("https://graph.facebook.com", simulator.url), options);

/** The client gives back what Graph answered, errors too. */
class Refused extends Error {
  constructor(error) {
    super(error.message);
    this.error = error;
  }
}
const answered = async (call) => {
  const answer = await call;
  if (answer.error) throw new Refused(answer.error);
  return answer;
};

scenario((token) => {
  const client = new WhatsAppAPI({
    token,
    appSecret: simulator.secret,
    webhookVerifyToken: VERIFY_TOKEN,
    v: "v27.0",
    ponyfill: { fetch: ofTheSimulator },
  });
  const read = [];
  client.on.message = ({ message, from, name }) => read.push(readMessage(message, from, name));
  client.on.status = ({ id, status, phone }) => read.push({ id, status, to: phone });
  const send = async (message) => {
    const { messages } = await answered(client.sendMessage(phoneNumberId, CUSTOMER, message));
    return messages[0].id;
  };
  const retrieve = (id) => answered(client.retrieveMedia(id, phoneNumberId));
  const fetchMedia = async (url) => (await client.fetchMedia(url)).arrayBuffer();
  return {
    async upload({ blob, name }) {
      const form = new FormData();
      form.set("file", blob, name);
      return (await answered(client.uploadMedia(phoneNumberId, form))).id;
    },
    async describe(id) {
      const { mime_type, sha256, file_size } = await retrieve(id);
      return { mimeType: mime_type, sha256, size: Number(file_size) };
    },
    download: async (id) => fetchMedia((await retrieve(id)).url),
    fetch: fetchMedia,
    remove: async (id) => (await answered(client.deleteMedia(id, phoneNumberId))).success,
    sendText: (text) => send(new Text(text)),
    sendImage: (id, caption) => send(new Image(id, true, caption)),
    sendVoice: (id) => send(new Audio(id, true, true)),
    sendDocument: (id, fileName) => send(new Document(id, true, undefined, fileName)),
    markRead: async (id) => (await answered(client.markAsRead(phoneNumberId, id, "text"))).success,
    async failure(call) {
      const refused = await call().catch((error) => error);
      assert.ok(refused instanceof Refused, `${refused} is no error of Graph's`);
      return { code: refused.error.code, subcode: refused.error.error_subcode };
    },
    challenge: (query) => client.get(query),
    async take(body, signature) {
      await client.post(JSON.parse(body), body, signature);
      return read.splice(0);
    },
  };
});

function readMessage(message, from, name) {
  const node = message[message.type];
  const media = { ...node, mimeType: node.mime_type };
  return { id: message.id, kind: message.type, from, name, text: node.caption ?? node.body, media };
}
