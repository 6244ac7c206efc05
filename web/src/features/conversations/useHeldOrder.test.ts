import { expect, it } from "vitest";
import { inOrder } from "@/features/conversations/useHeldOrder";
import { conversation } from "@/test/fixtures";

it("conversations keep their places under the pointer, and change in them", () => {
  const now = [conversation(3, 9, { unreadCount: 1 }), conversation(9, 8), conversation(1, 2)];
  const shown = inOrder(now, [1, 2, 3]);
  expect(shown.map(({ id }) => id)).toEqual([1, 3, 9]);
  expect(shown[1]?.unreadCount).toBe(1);
});
