import { expect, it } from "vitest";
import { dueItems, type Outgoing, outboxReducer } from "@/features/sending/outbox";
import { outgoing } from "@/test/fixtures";

const names = (items: Outgoing[]) => items.map(({ clientId }) => clientId);

it("of each conversation the first message is due, and never two at once", () => {
  const items = [outgoing(1), outgoing(2), outgoing(3, { conversationId: 2 })];
  expect(names(dueItems(items))).toEqual(["c1", "c3"]);
  const [first] = items;
  const busy = outboxReducer(items, { type: "started", clientId: first?.clientId ?? "" });
  expect(names(dueItems(busy))).toEqual(["c3"]);
});

it("a message that failed holds up nobody, one that waits for the line holds up those behind it", () => {
  const items = [outgoing(1), outgoing(2)];
  const failed = outboxReducer(items, { type: "failed", clientId: "c1", reason: "No." });
  expect(names(dueItems(failed))).toEqual(["c2"]);
  const lost = outboxReducer(items, { type: "interrupted", clientId: "c1" });
  expect(dueItems(lost)).toEqual([]);
  expect(names(dueItems(outboxReducer(lost, { type: "retried" })))).toEqual(["c1"]);
});

it("only so many conversations send at the same moment", () => {
  const items = Array.from({ length: 9 }, (_, at) => outgoing(at, { conversationId: at }));
  expect(dueItems(items)).toHaveLength(3);
});

it("the line that is back retries nothing that a person has to decide on", () => {
  const failed = outboxReducer([outgoing(1)], { type: "failed", clientId: "c1", reason: "No." });
  expect(outboxReducer(failed, { type: "retried" })[0]).toMatchObject({ state: "failed", reason: "No." });
  expect(outboxReducer(failed, { type: "retried", clientId: "c1" })[0]).toMatchObject({
    state: "waiting",
    reason: null,
  });
});
