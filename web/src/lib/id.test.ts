import { afterEach, expect, it, vi } from "vitest";
import { randomId } from "@/lib/id";

const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

afterEach(() => vi.unstubAllGlobals());

it("ids are UUIDs, also where a page without HTTPS has no randomUUID", () => {
  expect(randomId()).toMatch(UUID);
  vi.stubGlobal("crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) });
  expect(randomId()).toMatch(UUID);
  expect(randomId()).not.toBe(randomId());
});
