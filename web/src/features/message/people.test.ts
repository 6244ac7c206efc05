import { expect, it } from "vitest";
import { reactorOf } from "@/features/message/people";
import { conversation, message } from "@/test/fixtures";

const ana = conversation(1, 0, {
  contact: { id: 1, waId: "49151", userId: "US.1", phone: "+49151", name: "Ana" },
});

it.each([
  ["the contact by number", "49151", message(1), "Ana"],
  ["the contact by another id", "US.1", message(1), "Ana"],
  ["us on what we received", "15550", message(1, { receivingPhone: "15550" }), "You"],
  ["us on what we sent", "15550", message(1, { direction: "outbound", senderPhone: "+15550" }), "You"],
  ["somebody else in a group", "33123", message(1), "33123"],
])("a reaction is from %s", (_, from, target, name) => {
  expect(reactorOf(from, target, ana)).toBe(name);
});
