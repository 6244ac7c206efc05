// Made-up conversations in every state that the inbox can show. For development and tests only.
import { createHash } from "node:crypto";
import { fillMany } from "./mock-many.mjs";
import { loadSamples, png, sizeOf } from "./mock-samples.mjs";
import { derive, HASH } from "./mock-variants.mjs";

const MINUTE = 60_000;
const CUSTOMERS = 200;
const LONG_THREAD = Number(process.env.MOCK_THREAD ?? 400);

const NAMES = [
  "Amelia Hart",
  "Diego Fernández",
  "ليلى منصور",
  "Jonas Weber",
  "नीलम शर्मा",
  "佐藤 美咲",
  "Олена Коваль",
  "Beatriz Souza",
  "נועה לוי",
  "Baraka Mwangi",
  "Chloé Martin",
  "王小明",
  "Freya Lindqvist",
  "Marco Rossi",
  "Zeynep Kaya",
  "Liam O’Connor",
];

const hashes = new WeakMap();

function hashOf(bytes) {
  const hash = hashes.get(bytes) ?? createHash("sha256").update(bytes).digest("hex");
  hashes.set(bytes, hash);
  return hash;
}

export function makeData() {
  const samples = loadSamples();
  const data = {
    conversations: [],
    messages: new Map(),
    lastMessageId: 0,
    reactions: new Map(),
    media: new Map(),
    bytes: new Map(),
    variants: new Map(),
    samples,
  };

  const addConversation = (name, phone, unreadCount = 0) => {
    const conversation = {
      id: data.conversations.length + 1,
      whatsappAccountId: 1,
      contact: { id: data.conversations.length + 1, waId: phone, userId: null, phone, name },
      lastMessage: null,
      lastMessageAt: null,
      unreadCount,
    };
    data.conversations.push(conversation);
    return conversation;
  };

  const addMessage = (conversation, time, fields = {}) => {
    const message = {
      id: ++data.lastMessageId,
      companyId: 1,
      conversationId: conversation.id,
      direction: "inbound",
      type: "text",
      status: fields.direction === "outbound" ? "read" : "received",
      text: null,
      caption: null,
      providerMessageId: null,
      providerMediaId: null,
      mediaMimeType: null,
      media: null,
      attachments: [],
      senderPhone: fields.direction === "outbound" ? "15550783881" : conversation.contact.phone,
      senderName: fields.direction === "outbound" ? null : conversation.contact.name,
      receivingPhone: fields.direction === "outbound" ? conversation.contact.phone : "15550783881",
      whatsappAccountId: 1,
      awsPhoneNumberId: null,
      replyTo: null,
      isReply: (fields.replyTo ?? null) !== null,
      forwarded: false,
      frequentlyForwarded: false,
      reactions: [],
      edited: false,
      revoked: false,
      error: null,
      clientId: null,
      timestamp: new Date(time).toISOString(),
      createdAt: new Date(time).toISOString(),
      updatedAt: new Date(time).toISOString(),
      ...fields,
    };
    message.providerMessageId = `wamid.${message.id}`;
    data.messages.set(message.id, message);
    if (conversation.lastMessageAt === null || conversation.lastMessageAt <= message.timestamp) {
      conversation.lastMessageAt = message.timestamp;
      conversation.lastMessage = message;
    }
    return message;
  };

  const addMedia = (conversation, time, fileType, sample, { message: fields, ...media } = {}) => {
    const message = addMessage(conversation, time, { type: fileType, ...fields });
    const picture = sizeOf(sample.bytes);
    const stored = (media.downloadStatus ?? "completed") === "completed";
    const record = {
      id: data.media.size + 1,
      companyId: 1,
      conversationId: conversation.id,
      messageId: message.id,
      part: 0,
      fileKey: stored ? `media/1/${message.id}/${message.id}` : null,
      fileName: fileType === "document" ? sample.name : null,
      fileUrl: null,
      fileSize: sample.bytes.length,
      fileType,
      mimeType: sample.mime,
      detectedMimeType: stored ? sample.mime : null,
      sha256: hashOf(sample.bytes),
      voice: false,
      animated: false,
      ...(fileType === "image" ? picture : { width: null, height: null }),
      durationMs: null,
      thumbhash: null,
      integrity: stored ? "verified" : null,
      scanStatus: "unscanned",
      expiresAt: new Date(time + 7 * 24 * 60 * MINUTE).toISOString(),
      isActive: true,
      variants: [],
      variantsError: null,
      pages: null,
      names: [],
      unplayable: null,
      providerMediaId: `${9000 + message.id}`,
      policy: "store",
      downloadStatus: "completed",
      downloadAttempts: 1,
      lastError: null,
      url: `/api/media/messages/${message.id}`,
      storedAt: stored ? message.timestamp : null,
      createdAt: message.timestamp,
      updatedAt: message.timestamp,
      ...media,
    };
    message.media = record;
    data.media.set(record.id, record);
    data.bytes.set(record.id, sample);
    if (stored) derive(data, record);
    return message;
  };

  Object.assign(data, { addConversation, addMessage, addMedia });
  fill(data);
  return data;
}

function fill(data) {
  const now = Date.now();
  for (const [at, name] of NAMES.entries()) data.addConversation(name, `4915100000${10 + at}`);
  for (let at = NAMES.length; at < CUSTOMERS; at++)
    data.addConversation(`Customer ${at}`, `4915200000${10 + at}`);
  const [everyday, long, stream, broken] = data.conversations;
  fillEveryday(data, everyday, now - 95 * MINUTE);
  fillLong(data, long, now - 3 * 24 * 60 * MINUTE);
  fillPolicies(data, stream, now - 40 * MINUTE);
  fillStates(data, broken, now - 30 * MINUTE);
  fillFormats(data, data.conversations[4], now - 9 * 60 * MINUTE);
  fillWords(data, data.conversations[5], now - 30 * 60 * MINUTE);
  fillAlbums(data, data.conversations[9], now - 75 * 60 * MINUTE);
  fillMany(data, data.conversations[7], now - 40 * 24 * 60 * MINUTE);
  const lines = [
    "Thank you, it arrived this morning!",
    "Gracias, todo perfecto",
    "Können Sie mir ein Angebot schicken?",
    "شكراً جزيلاً، وصل الطلب اليوم",
    "धन्यवाद! कल मिलते हैं",
    "ありがとうございます。とても気に入りました",
    "Дякую, усе чудово",
  ];
  data.conversations.slice(4).forEach((conversation, at) => {
    const time = now - (3 + at * 7) * 60 * MINUTE;
    data.addMessage(conversation, time - 4 * MINUTE, { text: "Hello! Is the blue one still in stock?" });
    data.addMessage(conversation, time, {
      text: lines[at % lines.length],
      ...(at % 3 === 1 ? { direction: "outbound", status: ["read", "delivered", "sent"][at % 3] } : {}),
    });
    if (at % 5 === 2) conversation.unreadCount = 2;
  });
}

function fillEveryday(data, conversation, start) {
  const { images, stickers, voices, audios, videos, documents } = data.samples;
  let time = start;
  const next = (minutes = 1.5) => (time += minutes * MINUTE);
  const text = (words, fields) => data.addMessage(conversation, next(), { text: words, ...fields });
  const out = { direction: "outbound" };
  const picture = (name) => images.find((image) => image.name.startsWith(name)) ?? images[0];
  data.addMessage(conversation, start - 26 * 60 * MINUTE, { text: "Hi! Do you deliver on Saturdays?" });
  data.addMessage(conversation, start - 25.9 * 60 * MINUTE, {
    text: "We do, between nine and one 🙂",
    ...out,
  });
  const question = text(
    "Good morning! The parcel came, but one corner is crushed. I took a photo before opening it.",
  );
  const photo = data.addMedia(conversation, next(0.3), "image", picture("parcel-damaged"), {
    message: { caption: "This is how it stood at the door" },
  });
  data.addMedia(conversation, next(0.3), "image", picture("parcel-label"));
  text("Oh no, so sorry about that! Is anything inside broken?", { ...out, replyTo: photo.id });
  data.addMedia(conversation, next(), "audio", voices[0], { voice: true, durationMs: 6000 });
  text("Thanks, I will look at https://example.com/returns now.", {
    ...out,
    reactions: [{ emoji: "👍", from: "Amelia Hart" }],
  });
  data.addMedia(conversation, next(), "video", videos[0], {
    width: 640,
    height: 360,
    durationMs: 6000,
    message: { caption: "You can hear it rattle" },
  });
  data.addMedia(conversation, next(), "document", documents[0]);
  data.addMedia(
    conversation,
    next(),
    "document",
    documents.find(({ name }) => name.endsWith("xlsx")) ?? documents[0],
    {
      fileName: "عرض السعر النهائي ٢٠٢٦.xlsx",
      message: out,
    },
  );
  text("مرحبا، هل يمكنكم إرسال الفاتورة باللغة العربية أيضا؟", { forwarded: true });
  text("Of course, here it is.", { ...out, edited: true, status: "delivered" });
  data.addMedia(conversation, next(), "sticker", stickers.at(-1));
  data.addMessage(conversation, next(), {
    type: "location",
    text: "Harbour Street 12, Bristol\n51.4495, -2.5968",
  });
  data.addMessage(conversation, next(), { type: "contacts", text: "Tom Hart\n+44 7700 900123" });
  data.addMessage(conversation, next(), { type: "unsupported" });
  data.addMessage(conversation, next(), {
    type: "system",
    text: "Amelia Hart changed to a new phone number",
  });
  text("never mind", { revoked: true });
  data.addMedia(conversation, next(), "audio", audios[0], { fileName: "Dictation 14 March.mp3" });
  data.addMessage(conversation, next(), {
    text: "I have refunded the shipping as well.",
    ...out,
    status: "failed",
    error: { code: 131026, message: "The phone number cannot receive this message right now." },
  });
  text("That is very kind of you, thank you! ❤️", {
    replyTo: question.id,
    reactions: [
      { emoji: "❤️", from: "You" },
      { emoji: "❤️", from: "Jonas" },
      { emoji: "🎉", from: "Jonas" },
    ],
  });
  data.addMedia(conversation, next(), "image", picture("mugs"), {
    message: {
      caption:
        "And the new mugs look lovely on the shelf. We will order four more for the office kitchen next month.",
    },
  });
  conversation.unreadCount = 3;
}

function fillLong(data, conversation, start) {
  const { images, voices } = data.samples;
  for (let at = 0; at < LONG_THREAD; at++) {
    const time = start + at * 9 * MINUTE;
    const out = at % 3 === 2 ? { direction: "outbound" } : {};
    if (at % 17 === 5)
      data.addMedia(conversation, time, "image", images[at % images.length], { message: out });
    else if (at % 29 === 7)
      data.addMedia(conversation, time, "audio", voices[at % voices.length], {
        voice: true,
        durationMs: 6000,
        message: out,
      });
    else
      data.addMessage(conversation, time, {
        text: `Message ${at + 1}. ${"It goes on for a while. ".repeat(at % 6)}`,
        ...out,
      });
  }
  const last = conversation.lastMessage.id;
  data.addMessage(conversation, start + LONG_THREAD * 9 * MINUTE, {
    text: "As I said in the beginning",
    replyTo: last - LONG_THREAD + 10,
  });
}

function fillPolicies(data, conversation, start) {
  const { images, voices, videos, documents } = data.samples;
  const waiting = { downloadStatus: "pending", downloadAttempts: 0 };
  data.addMedia(conversation, start, "image", images[0], { ...waiting, policy: "on_view", thumbhash: HASH });
  data.addMedia(conversation, start + 5 * MINUTE, "image", images[1 % images.length], {
    ...waiting,
    policy: "stream",
  });
  data.addMedia(conversation, start + 6 * MINUTE, "audio", voices[0], {
    ...waiting,
    policy: "stream",
    voice: true,
  });
  data.addMedia(conversation, start + 7 * MINUTE, "video", videos[0], { ...waiting, policy: "stream" });
  data.addMedia(conversation, start + 8 * MINUTE, "document", documents[0], {
    ...waiting,
    policy: "on_view",
  });
}

function fillStates(data, conversation, start) {
  const { images, voices, documents, videos } = data.samples;
  const error = (code, message, retryable, nextAttemptAt = null) => ({
    code,
    message,
    retryable,
    nextAttemptAt,
  });
  const failed = (lastError) => ({ downloadStatus: "failed", downloadAttempts: 5, lastError });
  const soon = new Date(Date.now() + 5 * MINUTE).toISOString();
  data.addMedia(
    conversation,
    start,
    "image",
    images[0],
    failed(error("media_expired", "WhatsApp no longer has it.", false)),
  );
  data.addMedia(conversation, start + MINUTE, "image", images[0], {
    downloadStatus: "pending",
    downloadAttempts: 0,
  });
  data.addMedia(
    conversation,
    start + 2 * MINUTE,
    "image",
    images[1 % images.length],
    failed(error("provider_timeout", "WhatsApp took too long to answer.", true, soon)),
  );
  data.addMedia(conversation, start + 3 * MINUTE, "audio", voices[0], {
    ...failed(error("provider_unauthorized", "WhatsApp refused the token: an admin has to renew it.", true)),
    voice: true,
  });
  data.addMedia(conversation, start + 4 * MINUTE, "document", documents[0], {
    ...failed(error("media_quarantined", "The bytes are a web page.", false)),
    scanStatus: "quarantined",
  });
  data.addMedia(conversation, start + 5 * MINUTE, "image", images[0], { isActive: false });
  data.addMedia(conversation, start + 6 * MINUTE, "image", images[2 % images.length], {
    integrity: "mismatch",
  });
  data.addMedia(conversation, start + 7 * MINUTE, "image", {
    name: "broken.jpg",
    mime: "image/jpeg",
    bytes: Buffer.from("no picture"),
  });
  const heic = { name: "phone.heic", mime: "image/heic", bytes: Buffer.from("no browser shows it") };
  data.addMedia(conversation, start + 7.5 * MINUTE, "image", heic, { width: 1600, height: 1200 });
  data.addMedia(conversation, start + 8 * MINUTE, "video", videos[0], {
    downloadStatus: "downloading",
    fileSize: 12_400_000,
  });
}

/** Files of which not all can be made or shown. */
function fillFormats(data, conversation, start) {
  const { audios, images, videos } = data.samples;
  const pictured = images[0];
  let time = start;
  const add = (fileType, sample, fields) => {
    time += MINUTE;
    return data.addMedia(conversation, time, fileType, sample, fields);
  };
  const named = (name, mime, { bytes }) => ({ name, mime, bytes });
  add("image", named("cut.jpg", "image/jpeg", { bytes: Buffer.from("no picture") }), {
    variantsError: "the JPEG picture is damaged: it ends before it says its size",
  });
  add("document", named("Contract.pdf", "application/pdf", pictured), {
    variantsError: "the PDF is encrypted",
  });
  add("document", named("team.vcf", "text/vcard", pictured), { names: ["Ana Silva", "Ben Okri"] });
  const upright = { width: 720, height: 1280, durationMs: 400 };
  add("video", videos[0], {
    ...upright,
    unplayable: "HEVC",
    variantsError: "videos beyond ten minutes are not converted",
  });
  add("video", videos[0], { width: 640, height: 360, durationMs: 6000, unplayable: "HEVC" });
  add("audio", named("note.amr", "audio/amr", audios[0]), { voice: true, durationMs: 6000 });
  const logo = { name: "logo.png", mime: "image/svg+xml", bytes: Buffer.from(LOGO) };
  add("image", logo, { mimeType: "image/png", width: 800, height: 500 });
  add("document", named("IMG_0042.heic", "image/heic", pictured), { width: 1600, height: 1200 });
  add("document", named("clip.mov", "video/quicktime", videos[0]), upright);
  add("document", named("song.mp3", "audio/mpeg", audios[0]), { durationMs: 6000 });
  for (const [width, height] of [
    [40, 4000],
    [4000, 40],
    [1, 1],
  ]) {
    add("image", { name: "odd.png", mime: "image/png", bytes: png(width, height) });
  }
}

/** Pictures that were sent together. */
function fillAlbums(data, conversation, start) {
  const { images, videos } = data.samples;
  const out = { direction: "outbound" };
  const send = (minute, count, message) => {
    for (let at = 0; at < count; at++)
      data.addMedia(conversation, start + (minute + at / 20) * MINUTE, "image", images[at % images.length], {
        message,
      });
  };
  send(0, 5);
  send(10, 2, out);
  send(20, 3);
  data.addMedia(conversation, start + 20.2 * MINUTE, "video", videos[0], {
    width: 640,
    height: 360,
    durationMs: 6000,
    message: { reactions: [{ emoji: "👍", from: "You" }] },
  });
  send(30, 3, out);
}

/** Words in every form that people write them. */
function fillWords(data, conversation, start) {
  const { images, documents } = data.samples;
  const texts = [
    "*Bold*, _italic_, ~gone~, `code` and *_both_*",
    "- eggs\n- flour\n\n> As you said\nYes, at www.example.com or ana@mail.example, +44 7700 900123",
    "```\nnpm ci\nnpm run build\n```",
    "🎉🎉",
    `Z${"\u0300\u0316".repeat(40)}a${"\u0300".repeat(60)}lgo`,
    "   ",
    "One\n\n\n\n\n\n\nTwo",
    "end\u202Egnp.exe",
    `${"A long story, told at length. ".repeat(120)}`,
    "fwd",
  ];
  for (const [at, text] of texts.entries()) {
    const out = at % 3 === 1 ? { direction: "outbound" } : {};
    data.addMessage(conversation, start + at * MINUTE, { text, ...out });
  }
  data.addMedia(conversation, start + 20 * MINUTE, "image", images[0], {
    message: {
      caption: "Many words about one picture. ".repeat(20),
      forwarded: true,
      frequentlyForwarded: true,
    },
  });
  data.addMedia(conversation, start + 21 * MINUTE, "document", documents[0], {
    fileName: "photo\u202Egnp.exe.pdf",
  });
  data.addMedia(conversation, start + 22 * MINUTE, "document", documents[0], {
    fileName: `${"a very long name ".repeat(12)}.pdf`,
  });
}

const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" width="800" height="500"><g fill="#0b0f0e"><circle cx="200" cy="250" r="120"/>
<text x="360" y="285" font-family="sans-serif" font-size="84" font-weight="700">Harbour</text></g></svg>`;
