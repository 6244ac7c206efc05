import { expect, it } from "vitest";
import { plainName, plainWords } from "./bidi";

it("a name shows no other ending than it has", () => {
  expect(plainName("photo\u202Egnp.exe.pdf")).toBe("photognp.exe.pdf");
  expect(plainName("\u2067invoice\u2069\u200F.pdf")).toBe("invoice.pdf");
  expect(plainName("عرض السعر.xlsx")).toBe("عرض السعر.xlsx");
});

it("words keep their order, and what belongs to their script", () => {
  expect(plainWords("end\u202Egnp.exe")).toBe("endgnp.exe");
  expect(plainWords("@\u2068Ana\u2069 \u200Fשלום")).toBe("@\u2068Ana\u2069 \u200Fשלום");
});
