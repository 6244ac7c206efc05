import { expect, it, vi } from "vitest";
import { setBadge, titleOf } from "@/live/useTitle";

it("the tab says what is open and how much is unread", () => {
  expect(titleOf("Live Lena", 6)).toBe("(6) Live Lena · Mediary");
  expect(titleOf(null, 2)).toBe("(2) Mediary");
  expect(titleOf(null, 0)).toBe("Mediary");
});

it("the icon of an installed inbox has the number, where the browser has such icons", () => {
  expect(() => setBadge(3)).not.toThrow();
  const set = vi.fn(() => Promise.reject(new Error("not here")));
  Object.assign(navigator, { setAppBadge: set });
  setBadge(3);
  expect(set).toHaveBeenCalledWith(3);
});
