// Lists of media, archives and the search, as the mock plays them. For development and tests only.
import { crc32 } from "node:zlib";

const LETTERS = /[\p{L}\p{N}]+/gu;
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const wordsOf = (text) => plain(text).match(LETTERS) ?? [];

/** Where the words of a query stand in a text; null where one of them does not. */
function marksOf(query, text) {
  const words = wordsOf(query);
  if (words.length === 0 || !text) return null;
  const found = [...text.matchAll(LETTERS)].map((match) => ({
    word: plain(match[0]),
    start: match.index,
    end: match.index + match[0].length,
  }));
  const fits = (word, at) => (one) =>
    at === words.length - 1 ? one.word.startsWith(word) : one.word === word;
  if (!words.every((word, at) => found.some(fits(word, at)))) return null;
  return found.filter((one) => words.some((word, at) => fits(word, at)(one)));
}

const marked = (query, field, text) =>
  (marksOf(query, text) ?? []).map(({ start, end }) => ({ field, start, end }));

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

export function makeLists(data, { page, emit, fail, missing }) {
  const messageOf = ({ messageId }) => data.messages.get(messageId);
  const archives = new Map();

  const isWanted = (query, conversationId) => {
    const types = query.getAll("fileType");
    const [q, sender] = [query.get("q") ?? "", query.get("sender")];
    const [from, to] = [Date.parse(query.get("from") ?? ""), Date.parse(query.get("to") ?? "")];
    const one = (name, value) => !query.get(name) || query.get(name) === value;
    return (media) => {
      if (!media.isActive || (conversationId && media.conversationId !== Number(conversationId)))
        return false;
      if (types.length > 0 && !types.includes(media.fileType)) return false;
      if (!one("downloadStatus", media.downloadStatus)) return false;
      const created = Date.parse(media.createdAt);
      if (created < from || created >= to) return false;
      const message = messageOf(media);
      if (!one("direction", message.direction)) return false;
      if (sender && message.senderPhone !== sender.replace(/^\+/, "")) return false;
      return !q || marksOf(q, `${media.fileName ?? ""} ${message.caption ?? ""}`) !== null;
    };
  };

  const sorts = {
    date: (a, b) => compare(a.createdAt, b.createdAt) || a.id - b.id,
    size: (a, b) => (a.fileSize ?? 0) - (b.fileSize ?? 0) || a.id - b.id,
    name: (a, b) => (a.fileName ?? "").localeCompare(b.fileName ?? "") || a.id - b.id,
  };

  /** What files are sorted by never changes: they are sorted again only when one was added. */
  const sorted = new Map();
  const inOrder = (sort) => {
    const known = sorted.get(sort);
    if (known?.length === data.media.size) return known;
    sorted.set(sort, [...data.media.values()].sort(sorts[sort]));
    return sorted.get(sort);
  };

  const mediaList = (query, conversationId) => {
    const found = inOrder(query.get("sort") ?? "date").filter(isWanted(query, conversationId));
    return page(query.get("order") === "asc" ? found : found.reverse(), query);
  };

  const remove = (id) => {
    const media = data.media.get(Number(id)) ?? fail();
    if (!media.isActive) throw missing();
    Object.assign(media, { isActive: false, updatedAt: new Date().toISOString() });
    const { conversationId, messageId } = media;
    emit("media.deleted", { mediaId: media.id, conversationId, messageId });
  };

  const archive = ({ ids }) => {
    for (const id of ids) data.media.get(id) ?? fail();
    const token = crypto.randomUUID();
    archives.set(token, ids);
    const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
    return { status: 201, body: { url: `/m/archive/${token}`, expiresAt } };
  };

  const zipOf = (files) => {
    const stored = files.filter(({ downloadStatus }) => downloadStatus === "completed");
    const named = stored.map((media) => {
      const { bytes, name } = data.bytes.get(media.id);
      return { name: `${media.messageId}-${media.fileName ?? name}`, bytes };
    });
    const manifest = { files: named.map(({ name }) => ({ name })) };
    return zip([...named, { name: "manifest.json", bytes: Buffer.from(JSON.stringify(manifest)) }]);
  };

  const sendZip = (response, files, name) => {
    const bytes = zipOf(files);
    const headers = {
      "Content-Type": "application/zip",
      "Content-Length": bytes.length,
      "Content-Disposition": `attachment; filename="${name}"`,
    };
    response.writeHead(200, headers).end(bytes);
  };

  const search = (query) => {
    const q = query.get("q") ?? "";
    const only = query.get("in");
    const hit = (fields) => ({ conversation: null, message: null, media: null, ...fields });
    const hits = [];
    if (!only || only === "conversations") {
      for (const conversation of data.conversations) {
        const { name, phone } = conversation.contact;
        const marks = [...marked(q, "name", name), ...marked(q, "phone", phone)];
        if (marks.length > 0) hits.push([conversation.lastMessageAt, hit({ conversation, marks })]);
      }
    }
    if (!only || only === "messages") {
      for (const message of data.messages.values()) {
        if (message.revoked) continue;
        const marks = [...marked(q, "text", message.text), ...marked(q, "caption", message.caption)];
        if (marks.length > 0) hits.push([message.timestamp, hit({ message, marks })]);
      }
    }
    if (!only || only === "media") {
      for (const media of data.media.values()) {
        if (!media.isActive) continue;
        const message = messageOf(media);
        const marks = [...marked(q, "fileName", media.fileName), ...marked(q, "caption", message.caption)];
        if (marks.length > 0) hits.push([media.createdAt, hit({ media, message, marks })]);
      }
    }
    return page(
      hits.sort(([a], [b]) => b.localeCompare(a)).map(([, found]) => found),
      query,
    );
  };

  return {
    /** Answers of bytes; false where the path is none of them. */
    serve: (response, path, query) => {
      const whole = /^\/api\/conversations\/(\d+)\/media\/archive$/.exec(path);
      if (whole) {
        const files = [...data.media.values()].filter(isWanted(query, whole[1]));
        sendZip(response, files, `conversation-${whole[1]}.zip`);
        return true;
      }
      const chosen = /^\/m\/archive\/([\w-]+)$/.exec(path);
      if (!chosen) return false;
      const ids = archives.get(chosen[1]) ?? fail();
      sendZip(
        response,
        ids.map((id) => data.media.get(id)),
        "media.zip",
      );
      return true;
    },
    routes: [
      ["GET", "/api/conversations/:id/media", ([id], { query }) => mediaList(query, id)],
      ["GET", "/api/media", (_, { query }) => mediaList(query)],
      ["POST", "/api/media/archive", (_, { body }) => archive(body)],
      ["DELETE", "/api/media/:id", ([id]) => remove(id)],
      ["GET", "/api/search", (_, { query }) => search(query)],
    ],
  };
}

/** A zip of stored entries. */
function zip(entries) {
  const parts = [];
  const directory = [];
  let at = 0;
  for (const { name, bytes } of entries) {
    const title = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x0800, 2);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(bytes.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(title.length, 22);
    parts.push(Buffer.from("PK\x03\x04"), common, title, bytes);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(at, 10);
    directory.push(Buffer.from("PK\x01\x02\x14\x00"), common, place, title);
    at += 30 + title.length + bytes.length;
  }
  const index = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(index.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, index, end]);
}
