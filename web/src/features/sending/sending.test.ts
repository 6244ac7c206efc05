import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keys, type ThreadData } from "@/api/queries";
import type { Message } from "@/api/types";
import { react, report, send, sendAs, startSending, stopSending, takeBack } from "@/features/sending/sending";
import { useOutbox } from "@/features/sending/store";
import { threadRows } from "@/features/thread/rows";
import { useAnnouncements } from "@/lib/announce";
import { messagesInOrder } from "@/live/patch";
import { message, thread } from "@/test/fixtures";

type Request = { url: string; method: string; body: Record<string, unknown> };

let client: QueryClient;
let requests: Request[];
let answer: (request: Request) => Response | Promise<Response>;

beforeEach(() => {
  client = new QueryClient();
  client.setQueryData(keys.thread(1), thread([{}, [2, 1]]));
  requests = [];
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    const body = typeof init.body === "string" ? JSON.parse(init.body) : {};
    const request = { url, method: init.method ?? "GET", body };
    requests.push(request);
    return Promise.resolve(answer(request));
  });
  startSending({ client, open: () => {} });
  sendAs(1);
});
afterEach(() => {
  stopSending();
  vi.unstubAllGlobals();
});

const inThread = () => messagesInOrder(client.getQueryData<ThreadData>(keys.thread(1)) as ThreadData);
const rowNames = () =>
  threadRows(inThread(), null, useOutbox.getState().items).flatMap((row) =>
    row.kind === "message" ? [row.key] : [],
  );
const sent = (body: Record<string, unknown>, fields: Partial<Message> = {}) =>
  message(3, {
    direction: "outbound",
    status: "queued",
    text: String(body.text ?? ""),
    clientId: String(body.clientId),
    ...fields,
  });

describe("a text", () => {
  it("stands in the thread at once, and stays the same row when the server has it", async () => {
    answer = ({ body }) => Response.json(sent(body), { status: 201 });
    send(1, [{ type: "text", text: "Hello" }], 2);
    const before = rowNames();
    expect(before).toHaveLength(3);
    await vi.waitFor(() => expect(useOutbox.getState().items).toEqual([]));
    expect(rowNames()).toEqual(before);
    expect(requests[0]).toMatchObject({
      url: "/api/messages",
      method: "POST",
      body: { conversationId: 1, type: "text", text: "Hello", replyTo: 2 },
    });
  });

  it("is there once, though its event comes before the answer", async () => {
    let tell: (response: Response) => void = () => {};
    answer = () => new Promise((resolve) => (tell = resolve));
    send(1, [{ type: "text", text: "Hello" }], null);
    await vi.waitFor(() => expect(requests).toHaveLength(1));
    const row = sent(requests[0]?.body ?? {}, { status: "sent", updatedAt: "2027-01-01T00:00:00Z" });
    client.setQueryData(keys.thread(1), {
      ...thread([{}, [2, 1]]),
      pages: [{ ...thread([{}, [2, 1]]).pages[0], items: [row, ...inThread().reverse()] }],
    });
    expect(rowNames()).toHaveLength(3);
    // Told later, but written down earlier.
    tell(Response.json({ ...row, status: "queued", updatedAt: "2026-12-31T00:00:00Z" }, { status: 201 }));
    await vi.waitFor(() => expect(useOutbox.getState().items).toEqual([]));
    expect(rowNames()).toHaveLength(3);
    expect(inThread().at(-1)?.status).toBe("sent");
  });

  it("that the server refuses stays in the thread with the reason, and is announced", async () => {
    answer = () => Response.json({ code: "validation_error", detail: "text is too long" }, { status: 400 });
    send(1, [{ type: "text", text: "Hello" }], null);
    await vi.waitFor(() => expect(useOutbox.getState().items[0]?.state).toBe("failed"));
    expect(useOutbox.getState().items[0]?.reason).toBe("Text is too long.");
    expect(useAnnouncements.getState().assertive.at(-1)?.text).toContain("Text is too long.");
    expect(rowNames()).toHaveLength(3);
  });

  it("is announced once when it has left, and when it fails later", async () => {
    answer = ({ body }) => Response.json(sent(body), { status: 201 });
    send(
      1,
      [
        { type: "text", text: "One" },
        { type: "text", text: "Two" },
      ],
      null,
    );
    await vi.waitFor(() => expect(useOutbox.getState().items).toEqual([]));
    const [one, two] = requests.map(({ body }) => sent(body));
    const heard = () => useAnnouncements.getState().polite.length;
    const before = heard();
    for (const status of ["sent", "delivered", "read"] as const) report({ ...one, status } as Message);
    expect(heard()).toBe(before + 1);
    report({ ...two, status: "failed", error: { code: 131026, message: "Undeliverable" } } as Message);
    expect(useAnnouncements.getState().assertive.at(-1)?.text).toContain("Undeliverable");
  });
});

it("a reaction shows on its message before WhatsApp has it", async () => {
  answer = ({ body }) =>
    Response.json(sent(body, { id: 9, type: "reaction", senderPhone: "15550" }), { status: 201 });
  react(message(2), "👍");
  await vi.waitFor(() => expect(useOutbox.getState().items).toEqual([]));
  expect(requests[0]?.body).toMatchObject({ type: "reaction", emoji: "👍", replyTo: 2 });
  expect(inThread().find(({ id }) => id === 2)?.reactions).toEqual([{ emoji: "👍", from: "15550" }]);
  expect(inThread().some(({ type }) => type === "reaction")).toBe(false);
});

it("a message that was taken back leaves the thread", async () => {
  answer = () => new Response(null, { status: 204 });
  await takeBack(message(2));
  expect(requests[0]).toMatchObject({ url: "/api/messages/2", method: "DELETE" });
  expect(inThread().map(({ id }) => id)).toEqual([1]);
});

it("what one person left is not sent in the name of the next", async () => {
  answer = () => Promise.reject(new TypeError("away"));
  send(1, [{ type: "text", text: "Hello" }], null);
  await vi.waitFor(() => expect(useOutbox.getState().items[0]?.state).toBe("offline"));
  sendAs(1);
  expect(useOutbox.getState().items).toHaveLength(1);
  sendAs(2);
  expect(useOutbox.getState().items).toEqual([]);
});
