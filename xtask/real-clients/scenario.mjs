// What is tried with every client. A client is given as functions that call it and say what it answered:
//   upload(file) → id                    describe(id) → { mimeType, sha256, size }
//   download(id) → bytes                 remove(id) → whether it worked
//   sendText(text), sendImage(id, caption), sendVoice(id), sendDocument(id, fileName) → id of the message
//   fetch(url) → bytes of a temporary URL
//   markRead(id) → whether it worked, with the sign that somebody writes
//   failure(call) → { code, subcode } of the error that the client makes of Graph's
//   challenge(query) → answer            take(body, signature) → what it reads in a webhook; throws if the signature is wrong:
//     { id, kind, from, name, text, media: { id, mimeType, sha256, url, voice } } or { id, status, to }
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assertMessageId,
  CAPTION,
  CUSTOMER,
  control,
  FILES,
  incoming,
  listen,
  STATUSES,
  sent,
  sha256,
  simulator,
} from "./support.mjs";

const GONE = { code: 100, subcode: 33 };

/** `connect(token)` makes the client. */
export function scenario(connect) {
  const client = connect(simulator.token);

  for (const [kind, file] of Object.entries(FILES)) {
    test(`${kind} comes back byte for byte`, async () => {
      const id = await client.upload(file);
      assert.match(id, /^\d{15,}$/);
      const { mimeType, sha256: hash, size } = await client.describe(id);
      assert.deepEqual([mimeType, hash, size], [file.type, file.sha256, file.size]);
      assert.equal(sha256(await client.download(id)), file.sha256);
    });
  }

  test("text is sent", async () => {
    const id = await client.sendText(CAPTION);
    assertMessageId(id);
    const message = await sent(id);
    assert.deepEqual([message.type, message.to, message.body.text.body], ["text", CUSTOMER, CAPTION]);
  });

  test("files are sent by their ids", async () => {
    const uploaded = {};
    for (const [kind, file] of Object.entries(FILES)) uploaded[kind] = await client.upload(file);
    const messages = {
      image: await client.sendImage(uploaded.image, CAPTION),
      voice: await client.sendVoice(uploaded.voice),
      document: await client.sendDocument(uploaded.document, "Rechnung März.pdf"),
    };
    for (const [kind, id] of Object.entries(messages)) {
      assertMessageId(id);
      const { media } = await sent(id);
      assert.deepEqual(
        [media.id, media.sha256, media.fileSize],
        [uploaded[kind], FILES[kind].sha256, FILES[kind].size],
      );
    }
    const body = async (kind) => (await sent(messages[kind])).body;
    assert.equal((await body("image")).image.caption, CAPTION);
    assert.equal((await body("voice")).audio.voice, true);
    assert.equal((await body("document")).document.filename, "Rechnung März.pdf");
  });

  test("messages are marked as read", async (t) => {
    await listen(t, client);
    const { id } = await incoming({ type: "text", text: "Hello" });
    assert.equal(await client.markRead(id), true);
    const [receipt] = (await control("reads")).filter(({ messageId }) => messageId === id);
    assert.equal(receipt?.typing, true);
  });

  test("deleted files are gone", async () => {
    const id = await client.upload(FILES.image);
    assert.equal(await client.remove(id), true);
    assert.deepEqual(await client.failure(() => client.describe(id)), GONE);
    assert.deepEqual(await client.failure(() => client.remove(id)), GONE);
    assert.equal((await client.failure(() => client.sendImage(id, CAPTION))).code, 100);
  });

  test("tokens that nobody gave out are refused", async () => {
    const stranger = connect("another-token");
    assert.equal((await stranger.failure(() => stranger.sendText("Hello"))).code, 190);
    assert.equal((await stranger.failure(() => stranger.upload(FILES.image))).code, 190);
  });

  test("webhooks are signed and read", async (t) => {
    const webhooks = await listen(t, client);
    const image = await incoming({ type: "image", caption: CAPTION, media: { sample: "mugs" } });
    const voice = await incoming({ type: "audio", voice: true, media: { sample: "voice-en" } });
    const [first] = await webhooks.of(image.id);
    const [second] = await webhooks.of(voice.id);
    assert.deepEqual([first.kind, first.text], ["image", CAPTION]);
    assert.deepEqual([first.from, first.name], [CUSTOMER, "Zoë"]);
    assert.deepEqual([first.media.id, first.media.mimeType], [image.mediaId, "image/jpeg"]);
    assert.deepEqual([second.kind, second.media.voice], ["audio", true]);
    assert.equal(second.media.mimeType, "audio/ogg; codecs=opus");
    for (const { media } of [first, second]) {
      const bytes = Buffer.from(await client.download(media.id));
      // Base64 here, hexadecimal where the id is asked for.
      assert.equal(Buffer.from(media.sha256, "base64").toString("hex"), sha256(bytes));
      assert.equal((await client.describe(media.id)).sha256, sha256(bytes));
      assert.deepEqual(Buffer.from(await client.fetch(media.url)), bytes);
    }
  });

  test("statuses follow by webhook", async (t) => {
    const webhooks = await listen(t, client);
    const id = await client.sendText("Hello");
    const statuses = await webhooks.of(id, STATUSES.length);
    assert.deepEqual(
      statuses,
      STATUSES.map((status) => ({ id, status, to: CUSTOMER })),
    );
  });
}
