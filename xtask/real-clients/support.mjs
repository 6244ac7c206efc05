// What the tests of every client share: the files that they send, the simulator's control, and a place for webhooks.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const SAMPLES = new URL("../../crates/mediary-simulator/samples/", import.meta.url);
const DEADLINE_MS = 10_000;

export const simulator = {
  url: process.env.SIMULATOR_URL.replace(/\/$/, ""),
  token: process.env.SIMULATOR_TOKEN,
  secret: process.env.SIMULATOR_SECRET,
};
export const CUSTOMER = "15550100001";
export const VERIFY_TOKEN = "word-of-the-handshake";
/** Outside of ASCII: escapes in webhooks, and two of them for the emoji. */
export const CAPTION = "Grüße aus Zürich 🚲";
export const STATUSES = ["sent", "delivered", "read"];

export const sha256 = (bytes) => createHash("sha256").update(Buffer.from(bytes)).digest("hex");

function sample(name, type) {
  const bytes = readFileSync(new URL(name, SAMPLES));
  return { name, type, bytes, size: bytes.length, sha256: sha256(bytes), blob: new Blob([bytes], { type }) };
}
export const FILES = {
  image: sample("bike.jpg", "image/jpeg"),
  voice: sample("voice-en.ogg", "audio/ogg"),
  document: sample("invoice.pdf", "application/pdf"),
};

/** Asks the simulator's control. With a body it is a `POST` unless said otherwise. */
export async function control(path, body, method = body ? "POST" : "GET") {
  const answer = await fetch(`${process.env.SIMULATOR_CONTROL}/${path}`, {
    method,
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

/** The number that the simulator has from the start. */
export const phoneNumberId = (await control("accounts"))[0].phoneNumberId;

/** What the simulator understood of a message that a client sent. */
export async function sent(id) {
  const message = (await control("sent")).find((message) => message.id === id);
  assert.ok(message, `${id} is none of the messages that the simulator took`);
  return message;
}

/** A message id in WhatsApp's form, which holds the other party's number. */
export function assertMessageId(id) {
  assert.match(id, /^wamid\.[A-Za-z0-9+/]+=*$/);
  const inside = Buffer.from(id.slice("wamid.".length), "base64").toString("latin1");
  assert.ok(inside.includes(CUSTOMER), `${id} does not hold ${CUSTOMER}`);
}

/** A customer's message, of which the webhook was acknowledged if anybody listens. */
export async function incoming(message) {
  const customer = { waId: CUSTOMER, name: "Zoë" };
  const { messages } = await control("messages?wait=true", { customer, ...message });
  return messages[0];
}

/**
 * Listens for webhooks, and has the simulator shake hands with the client. `challenge(query)` is the client's answer to the
 * handshake; `take(body, signature)` has the client check and read a webhook, and gives back what it read.
 */
export async function listen(test, { challenge, take }) {
  const read = [];
  const arrivals = new EventEmitter();
  const answer = async (request) => {
    const url = new URL(request.url, "http://localhost");
    if (request.method === "GET") return challenge(Object.fromEntries(url.searchParams));
    const body = Buffer.concat(await request.toArray()).toString();
    const signature = request.headers["x-hub-signature-256"];
    await assertRefused(() => take(body.replace("whatsapp", "whatsupp"), signature));
    read.push(...[await take(body, signature)].flat());
    arrivals.emit("read");
    return "";
  };
  const failures = [];
  const server = createServer((request, response) =>
    answer(request).then(
      (text) => response.end(text),
      (failure) => {
        failures.push(failure);
        arrivals.emit("read");
        response.writeHead(500).end();
      },
    ),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  test.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${server.address().port}/`;
  await control("options", { webhooks: { retryWaitsMs: [] } }, "PATCH");
  await control("webhook-url", { url, verifyToken: VERIFY_TOKEN }, "PUT");
  return {
    /** What the client read of a message, once there is as much of it. */
    async of(id, wanted = 1) {
      const signal = AbortSignal.timeout(DEADLINE_MS);
      const found = () => read.filter((item) => item.id === id);
      while (failures.length === 0 && found().length < wanted) await once(arrivals, "read", { signal });
      if (failures.length > 0) throw failures[0];
      return found();
    },
  };
}

async function assertRefused(take) {
  await assert.rejects(async () => take(), "a body that was not signed so is taken");
}
