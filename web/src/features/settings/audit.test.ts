import { expect, test } from "vitest";
import { filterOf } from "@/features/settings/auditSearch";
import { actionWords, referenceWords } from "@/features/settings/auditWords";

test("the last day counts as a whole", () => {
  const { from, to, ...rest } = filterOf({ from: "2026-11-01", to: "2026-11-30" });
  expect(rest).toEqual({});
  expect(Date.parse(to ?? "") - Date.parse(from ?? "")).toBeGreaterThanOrEqual(30 * 86_400_000 - 3_600_000);
  expect(new Date(from ?? "").getHours()).toBe(0);
  expect(new Date(to ?? "").getDate()).toBe(1);
  expect(filterOf({ action: "user.changed", who: "user:3" })).toEqual({
    action: "user.changed",
    who: "user:3",
  });
});

test("what is known by a name is called by it, and what is not is still told", () => {
  const names = new Map([["user:3", "Ana"]]);
  expect(referenceWords("user:3", names)).toBe("Ana");
  expect(referenceWords("user:4", names)).toBe("User 4");
  expect(referenceWords("media:17", names)).toBe("File 17");
  expect(referenceWords("command_line", names)).toBe("Command line");
  expect(referenceWords("planet:9", names)).toBe("planet:9");
  expect(actionWords("api_key.revoked")).toBe("API key revoked");
  expect(actionWords("something.new")).toBe("something.new");
});
