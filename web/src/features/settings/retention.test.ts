import { expect, test } from "vitest";
import { deletes, draftOf, isSameRetention, retentionOf } from "@/features/settings/retention";

test("days have to be a whole number within the limits", () => {
  const days = (text: string) => retentionOf({ mode: "days_after_stored", days: text });
  expect(days("30")).toEqual({ mode: "days_after_stored", days: 30 });
  expect(days("36500")).toBeDefined();
  for (const wrong of ["", "0", "-1", "1.5", "36501", "a week"]) expect(days(wrong)).toBeUndefined();
});

test("for ever has no days, and an account may follow its company", () => {
  expect(retentionOf({ mode: "forever", days: "30" })).toEqual({ mode: "forever" });
  expect(retentionOf({ mode: "company", days: "" })).toBeNull();
  expect(draftOf(null)).toEqual({ mode: "company", days: "" });
  expect(draftOf({ mode: "days_after_viewed", days: 7 })).toEqual({ mode: "days_after_viewed", days: "7" });
});

test("retentions are compared by what they do, and those that delete are known", () => {
  expect(isSameRetention({ mode: "forever", days: null }, { mode: "forever" })).toBe(true);
  expect(
    isSameRetention({ mode: "days_after_stored", days: 7 }, { mode: "days_after_stored", days: 8 }),
  ).toBe(false);
  expect(isSameRetention(null, { mode: "forever" })).toBe(false);
  expect(deletes({ mode: "days_after_stored", days: 7 })).toBe(true);
  expect(deletes({ mode: "archive_after", days: 7 })).toBe(false);
  expect(deletes(null)).toBe(false);
});
