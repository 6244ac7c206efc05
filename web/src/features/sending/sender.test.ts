import { ApiError } from "@mediary/media/server/client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Message } from "@/api/types";
import type { Outgoing } from "@/features/sending/outbox";
import { Sender, type Transport } from "@/features/sending/sender";
import { useOutbox } from "@/features/sending/store";
import { message, outgoing } from "@/test/fixtures";

type Call = {
  item: Outgoing;
  signal: AbortSignal;
  answer: (message: Message) => void;
  fail: (error: unknown) => void;
};

let calls: Call[];
let sender: Sender;
const accepted = vi.fn();
const failed = vi.fn();

beforeEach(() => {
  vi.useFakeTimers();
  accepted.mockReset();
  failed.mockReset();
  calls = [];
  useOutbox.setState({ items: [], progress: {} });
  const transport: Transport = (item, { signal }) =>
    new Promise((answer, fail) => calls.push({ item, signal, answer, fail }));
  sender = new Sender(transport, { accepted, failed });
});
afterEach(() => {
  sender.clear();
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(0);
const states = () => useOutbox.getState().items.map(({ clientId, state }) => `${clientId} ${state}`);
const lost = new ApiError({ status: 0, code: "network", title: "Away", retryable: true });
const refused = new ApiError({
  status: 413,
  code: "payload_too_large",
  title: "",
  detail: "too large",
  retryable: false,
});
const busy = new ApiError({ status: 503, code: "storage_error", title: "", detail: "busy", retryable: true });

it("messages leave in their order, each once the one before it is safe", async () => {
  sender.add([outgoing(1), outgoing(2)]);
  expect(calls.map(({ item }) => item.clientId)).toEqual(["c1"]);
  calls[0]?.answer(message(11));
  await settle();
  expect(calls.map(({ item }) => item.clientId)).toEqual(["c1", "c2"]);
  expect(accepted).toHaveBeenCalledWith(expect.objectContaining({ clientId: "c1" }), message(11));
  expect(states()).toEqual(["c2 sending"]);
});

it("a message that lost the line is sent under the same name once it is back", async () => {
  sender.add([outgoing(1)]);
  calls[0]?.fail(lost);
  await settle();
  expect(states()).toEqual(["c1 offline"]);
  expect(failed).not.toHaveBeenCalled();
  sender.resume();
  expect(calls.map(({ item }) => item.clientId)).toEqual(["c1", "c1"]);
  calls[1]?.answer(message(11));
  await settle();
  expect(states()).toEqual([]);
});

it("a line that nobody says is back is tried by itself, ever more seldom", async () => {
  sender.add([outgoing(1)]);
  const tries: number[] = [];
  for (let seconds = 0; seconds < 60; seconds++) {
    calls[tries.length]?.fail(lost);
    if (calls.length > tries.length) tries.push(seconds);
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(tries.length).toBeGreaterThan(3);
  expect(tries.length).toBeLessThan(7);
});

it("what the server refuses stays with its reason, and is sent again under the same name", async () => {
  sender.add([outgoing(1), outgoing(2)]);
  calls[0]?.fail(refused);
  await settle();
  expect(failed).toHaveBeenCalledWith(expect.objectContaining({ clientId: "c1" }), "Too large.");
  expect(states()).toEqual(["c1 failed", "c2 sending"]);
  calls[1]?.answer(message(12));
  await settle();
  sender.retry("c1");
  expect(calls[2]?.item.clientId).toBe("c1");
});

it("a server that is busy is asked again a few times, then it is a person's turn", async () => {
  sender.add([outgoing(1)]);
  for (let round = 0; round < 8; round++) {
    calls[round]?.fail(busy);
    await vi.advanceTimersByTimeAsync(31_000);
  }
  expect(calls).toHaveLength(5);
  expect(states()).toEqual(["c1 failed"]);
});

it("who cancels ends the request, and the next one leaves", async () => {
  sender.add([outgoing(1), outgoing(2)]);
  sender.remove("c1");
  expect(calls[0]?.signal.aborted).toBe(true);
  calls[0]?.fail(new DOMException("", "AbortError"));
  await settle();
  expect(failed).not.toHaveBeenCalled();
  expect(states()).toEqual(["c2 sending"]);
});

it("another person's messages are dropped, not sent", async () => {
  sender.add([outgoing(1), outgoing(2)]);
  sender.clear();
  calls[0]?.fail(new DOMException("", "AbortError"));
  await settle();
  expect(calls).toHaveLength(1);
  expect(states()).toEqual([]);
});
