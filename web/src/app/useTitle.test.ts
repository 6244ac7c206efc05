import { expect, it } from "vitest";
import { titleOf } from "@/app/useTitle";

it("the tab says what is open and how much is unread", () => {
  expect(titleOf("Live Lena", 6)).toBe("(6) Live Lena · Mediary");
  expect(titleOf(null, 2)).toBe("(2) Mediary");
  expect(titleOf(null, 0)).toBe("Mediary");
});
