// The API of Mediary from memory, and the built inbox: `node dev/mock-server.mjs`. For development and tests only.
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import "./mock-clock.mjs";
import { makeData } from "./mock-data.mjs";
import { makeLists } from "./mock-lists.mjs";
import { makeSending, readForm } from "./mock-sending.mjs";
import { makeSettings } from "./mock-settings.mjs";
import { derive } from "./mock-variants.mjs";

const PORT = Number(process.env.PORT ?? 4010);
const LATENCY_MS = Number(process.env.MOCK_LATENCY_MS ?? 0);
const EMAIL = process.env.MEDIARY_EMAIL ?? "agent@example.com";
const PASSWORD = process.env.MEDIARY_PASSWORD ?? "mediary";
/** The address of a server whose inbox is shown; without it, the one that was built here. */
const UI = process.env.MOCK_UI;
const DIST = fileURLToPath(new URL("../dist/", import.meta.url));
const CSP =
  "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";
const FILE_TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
const LOGINS_PER_MINUTE = 10;
/** How long it takes to read a file that has just been stored. */
const DERIVE_MS = 1_500;
/** How long it takes to convert a recording or a video, once somebody has asked. */
const CONVERT_MS = 8_000;

const data = makeData();
const sessions = new Set();
const listeners = new Set();
const wrongLogins = [];
const converting = new Set();
let eventId = 0;

const ROLE = process.env.MOCK_ROLE ?? "admin";

const USER = { kind: "user", id: 1, companyId: 1, email: EMAIL, name: "Robin Agent", role: ROLE };

class Problem extends Error {
  constructor(status, code, detail, extra = {}) {
    super(detail);
    Object.assign(this, { status, code, extra });
  }
}

const missing = () => new Problem(404, "not_found", "There is no such record.");

function emit(name, fields) {
  eventId += 1;
  for (const response of listeners)
    response.write(`id: ${eventId}\nevent: ${name}\ndata: ${JSON.stringify({ id: eventId, ...fields })}\n\n`);
}

function emitMedia(name, media) {
  const { id: mediaId, conversationId, messageId, downloadStatus: status, fileSize } = media;
  emit(name, { mediaId, conversationId, messageId, status, fileSize });
}

function page(all, query) {
  const limit = Number(query.get("limit") ?? 20);
  if (!(limit >= 1 && limit <= 100)) throw new Problem(400, "validation_error", "limit has to be 1 to 100.");
  const from = Number(query.get("cursor") ?? 0);
  const items = all.slice(from, from + limit);
  const hasMore = from + limit < all.length;
  return { items, nextCursor: hasMore ? String(from + limit) : null, hasMore };
}

const newestFirst = (a, b) => b.timestamp.localeCompare(a.timestamp) || b.id - a.id;
const conversationOf = (id) => data.conversations.find((item) => item.id === Number(id)) ?? fail();
const messageOf = (id) => data.messages.get(Number(id)) ?? fail();
const mediaOf = (id) => data.media.get(Number(id)) ?? fail();
function fail() {
  throw missing();
}

function messagesOf(id, query) {
  conversationOf(id);
  const all = [...data.messages.values()]
    .filter((item) => item.conversationId === Number(id))
    .sort(newestFirst);
  if (!query.has("around")) return page(all, query);
  const at = all.findIndex((item) => item.id === Number(query.get("around")));
  if (at === -1) throw missing();
  query.set("cursor", String(Math.max(0, at - Math.floor(Number(query.get("limit") ?? 20) / 2))));
  return page(all, query);
}

function logIn({ email, password }) {
  const since = Date.now() - 60_000;
  while (wrongLogins[0] < since) wrongLogins.shift();
  if (wrongLogins.length >= LOGINS_PER_MINUTE) {
    throw new Problem(429, "rate_limited", "Too many wrong log-ins.", {
      retryAfterSeconds: 30,
      retryable: true,
    });
  }
  if (email !== EMAIL || password !== PASSWORD) {
    wrongLogins.push(Date.now());
    throw new Problem(401, "unauthorized", "This e-mail and password do not belong together.");
  }
  const token = crypto.randomUUID();
  sessions.add(token);
  return token;
}

/** A file is here, and a moment later what is made of it. */
function complete(media) {
  const { mime } = data.bytes.get(media.id);
  const storedAt = new Date().toISOString();
  Object.assign(media, {
    downloadStatus: "completed",
    detectedMimeType: mime,
    storedAt,
    integrity: "verified",
  });
  setTimeout(() => emitMedia("media.completed", media), 300);
  setTimeout(() => {
    derive(data, media);
    media.updatedAt = new Date().toISOString();
    emitMedia("media.completed", media);
  }, DERIVE_MS);
}

/** Plays a download: progress, then the end. */
function download(media) {
  if (media.downloadStatus === "completed") throw new Problem(409, "conflict", "It is already downloaded.");
  Object.assign(media, { downloadStatus: "downloading", lastError: null });
  emit("message.updated", { conversationId: media.conversationId, messageId: media.messageId });
  let step = 0;
  const timer = setInterval(() => {
    step += 1;
    const bytesDownloaded = Math.round((media.fileSize * step) / 5);
    if (step < 5) {
      emit("media.progress", {
        mediaId: media.id,
        conversationId: media.conversationId,
        bytesDownloaded,
        fileSize: media.fileSize,
      });
      return;
    }
    clearInterval(timer);
    complete(media);
  }, 400);
  return media;
}

/** A new message, as if a customer had sent it; asked for as the simulated WhatsApp wants it. */
function arrive({ type = "text", text = null, customer }) {
  const known = data.conversations.find(({ contact }) => contact.waId === customer.waId);
  const conversation = known ?? data.addConversation(customer.name, customer.waId);
  const message =
    type === "image"
      ? data.addMedia(conversation, Date.now(), "image", data.samples.images[0], {
          downloadStatus: "downloading",
        })
      : data.addMessage(conversation, Date.now(), { text });
  if (message.media) complete(message.media);
  conversation.unreadCount += 1;
  emit("message.created", { conversationId: conversation.id, messageId: message.id });
  emit("conversation.updated", { conversationId: conversation.id });
  return { messages: [{ id: message.providerMessageId }] };
}

function contentOf(media, variant) {
  if (variant === null) return data.bytes.get(media.id);
  const found = data.variants.get(media.id)?.find(({ kind }) => kind === variant);
  if (found) return found;
  throw new Problem(404, "not_found", media.variantsError ?? "there is no such variant of this file");
}

const isConverted = ({ unplayable, mimeType, variantsError }) =>
  (unplayable || mimeType === "audio/amr") && !variantsError;

/** Plays a conversion: it begins with the first who asks, and ends with the form that plays in the record. */
function convert(media, response) {
  if (!converting.has(media.id)) {
    converting.add(media.id);
    setTimeout(() => {
      const { bytes } = data.bytes.get(media.id);
      const made = { kind: "playable", mime: media.fileType === "audio" ? "audio/mpeg" : "video/mp4", bytes };
      data.variants.get(media.id).push(made);
      const url = `${media.url}?variant=playable`;
      media.variants = [
        ...media.variants,
        {
          ...made,
          bytes: undefined,
          mimeType: made.mime,
          width: null,
          height: null,
          fileSize: bytes.length,
          url,
        },
      ];
      emit("message.updated", { conversationId: media.conversationId, messageId: media.messageId });
    }, CONVERT_MS);
  }
  response.writeHead(202, { "Retry-After": "2" }).end();
}

function sendBytes(request, response, media, query) {
  if (!media.isActive) throw new Problem(410, "media_deleted", "It was deleted here.");
  if (media.downloadStatus === "failed")
    throw new Problem(410, media.lastError.code, media.lastError.message);
  const isMade = data.variants.get(media.id)?.some(({ kind }) => kind === "playable");
  if (query.get("variant") === "playable" && isConverted(media) && !isMade) return convert(media, response);
  const { bytes, mime, name } = contentOf(media, query.get("variant"));
  if (media.policy === "on_view" && media.downloadStatus === "pending") complete(media);
  const inline = /^(image|audio|video)\/|pdf$/.test(mime) && query.get("download") !== "1";
  const headers = {
    "Content-Type": mime,
    "Accept-Ranges": "bytes",
    "Cache-Control": media.policy === "stream" ? "no-store" : "private, no-cache",
    ETag: `"${media.sha256}-${query.get("variant")}"`,
    "Content-Disposition": `${inline ? "inline" : "attachment"}; filename*=UTF-8''${encodeURIComponent(media.fileName ?? name)}`,
    "X-Content-Type-Options": "nosniff",
  };
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  if (!range && request.headers["if-none-match"] === headers.ETag)
    return response.writeHead(304, headers).end();
  const from = range ? Number(range[1]) : 0;
  const to = range?.[2] ? Math.min(Number(range[2]), bytes.length - 1) : bytes.length - 1;
  if (range) headers["Content-Range"] = `bytes ${from}-${to}/${bytes.length}`;
  response.writeHead(range ? 206 : 200, { ...headers, "Content-Length": to - from + 1 });
  response.end(request.method === "HEAD" ? undefined : bytes.subarray(from, to + 1));
}

function openEvents(response) {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  response.write(": hello\n\n");
  listeners.add(response);
  response.on("close", () => listeners.delete(response));
}

const sending = makeSending(data, { emit, complete, Problem, fail });
const lists = makeLists(data, { page, emit, fail, missing });

const settings = makeSettings(data, { page, Problem, fail, me: USER, download });

const routes = [
  ...sending.routes,
  ...settings.routes,
  ...lists.routes,
  ["GET", "/api/auth/me", () => USER],
  [
    "GET",
    "/api/conversations",
    (_, { query }) => {
      const search = (query.get("search") ?? "").toLowerCase();
      const found = data.conversations.filter(({ contact }) =>
        `${contact.name} ${contact.phone}`.toLowerCase().includes(search),
      );
      return page(
        found.sort((a, b) => b.lastMessageAt.localeCompare(a.lastMessageAt)),
        query,
      );
    },
  ],
  ["GET", "/api/conversations/:id", ([id]) => conversationOf(id)],
  [
    "POST",
    "/api/conversations/:id/read",
    ([id]) => {
      conversationOf(id).unreadCount = 0;
      emit("conversation.updated", { conversationId: Number(id) });
    },
  ],
  ["GET", "/api/conversations/:id/messages", ([id], { query }) => messagesOf(id, query)],
  ["GET", "/api/messages/:id", ([id]) => data.reactions.get(Number(id)) ?? messageOf(id)],
  ["GET", "/api/messages/:id/media", ([id]) => messageOf(id).media ?? fail()],
  ["GET", "/api/media/:id", ([id]) => mediaOf(id)],
  [
    "GET",
    "/api/media/:id/status",
    ([id]) => {
      const { downloadStatus: status, fileSize, lastError: error } = mediaOf(id);
      return { status, progress: null, bytesDownloaded: 0, fileSize, error };
    },
  ],
  ["POST", "/api/media/:id/download", ([id]) => ({ status: 202, body: download(mediaOf(id)) })],
  ["POST", "/_control/messages", (_, { body }) => arrive(body)],
  ["POST", "/_control/role", (_, { body }) => Object.assign(USER, { role: body.role })],
];

function find(method, path) {
  for (const [verb, pattern, handler] of routes) {
    const match = new RegExp(`^${pattern.replaceAll(/:\w+/g, "(\\d+)")}$`).exec(path);
    if (match && verb === method) return () => [handler, match.slice(1)];
  }
  return null;
}

async function bytesOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function bodyOf(request) {
  const bytes = await bytesOf(request);
  return bytes.length > 0 ? JSON.parse(bytes.toString()) : {};
}

async function send(request) {
  const type = request.headers["content-type"] ?? "";
  if (!type.startsWith("multipart/form-data")) return sending.queue(await bodyOf(request));
  const { fields, file } = await readForm(type, await bytesOf(request));
  return sending.queue(fields, file);
}

function serveFile(path, response) {
  const wanted = join(DIST, normalize(path));
  const file =
    wanted.startsWith(DIST) && existsSync(wanted) && statSync(wanted).isFile()
      ? wanted
      : join(DIST, "index.html");
  const headers = {
    "Content-Type": FILE_TYPES[extname(file)] ?? "application/octet-stream",
    "Content-Security-Policy": CSP,
  };
  response.writeHead(200, headers).end(readFileSync(file));
}

async function passFile(path, response) {
  const answer = await fetch(new URL(path, UI));
  const headers = {
    "Content-Type": answer.headers.get("content-type") ?? "application/octet-stream",
    "Content-Security-Policy": CSP,
  };
  response.writeHead(answer.status, headers).end(Buffer.from(await answer.arrayBuffer()));
}

async function answer(request, response) {
  const url = new URL(request.url, "http://mock");
  const { pathname: path, searchParams: query } = url;
  if (path === "/readyz") {
    const checks = ["database", "storage"].map((name) => ({ name, ok: true }));
    return json(response, 200, { ready: true, checks });
  }
  if (!/^\/(api|_control|m)\//.test(path)) return UI ? passFile(path, response) : serveFile(path, response);
  if (LATENCY_MS > 0) await new Promise((resolve) => setTimeout(resolve, LATENCY_MS));
  const cookie = /mediary_session=([\w-]+)/.exec(request.headers.cookie ?? "")?.[1];
  if (path === "/api/auth/login") {
    const token = logIn(await bodyOf(request));
    response.setHeader("Set-Cookie", `mediary_session=${token}; HttpOnly; SameSite=Lax; Path=/`);
    return json(response, 200, USER);
  }
  if (!path.startsWith("/_control/") && !sessions.has(cookie))
    throw new Problem(401, "unauthorized", "Log in first.");
  if (path === "/api/auth/logout") {
    sessions.delete(cookie);
    return response.writeHead(204, { "Clear-Site-Data": '"cache"' }).end();
  }
  if (path === "/api/events") return openEvents(response);
  if (request.method === "GET" && lists.serve(response, path, query)) return;
  const bytes = /^\/api\/media\/messages\/(\d+)$/.exec(path);
  if (bytes) return sendBytes(request, response, messageOf(bytes[1]).media ?? fail(), query);
  const file = /^\/api\/media\/(\d+)\/file$/.exec(path);
  if (file) return sendBytes(request, response, mediaOf(file[1]), query);
  const proxied = /^\/api\/whatsapp\/media\/(\d+)$/.exec(path);
  if (proxied) {
    const media = [...data.media.values()].find((item) => item.providerMediaId === proxied[1]) ?? fail();
    return sendBytes(request, response, media, query);
  }
  if (request.method === "POST" && path === "/api/messages") {
    const { status, body } = await send(request);
    return json(response, status, body);
  }
  const found = find(request.method, path);
  if (!found) throw missing();
  const [handler, ids] = found();
  const result = handler(ids, {
    query,
    body: /^(POST|PATCH)$/.test(request.method) ? await bodyOf(request) : {},
  });
  if (result === undefined) return response.writeHead(204).end();
  return result.body ? json(response, result.status, result.body) : json(response, 200, result);
}

function json(response, status, body, type = "application/json") {
  response.writeHead(status, { "Content-Type": type }).end(JSON.stringify(body));
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    if (!(error instanceof Problem)) console.error(error);
    const { status = 500, code = "internal", extra = {} } = error;
    if (extra.retryAfterSeconds) response.setHeader("Retry-After", extra.retryAfterSeconds);
    const body = {
      type: "about:blank",
      title: code,
      status,
      code,
      detail: error.message,
      retryable: false,
      requestId: "mock",
      ...extra,
    };
    json(response, status, body, "application/problem+json");
  });
});

setInterval(() => {
  for (const response of listeners) response.write(": heartbeat\n\n");
}, 10_000).unref();

server.listen(PORT, "127.0.0.1", () =>
  console.log(`mock on http://127.0.0.1:${server.address().port} (${EMAIL} / ${PASSWORD})`),
);
