import { expect, it } from "vitest";
import { media } from "../test/fixtures";
import { fileNameOf, shortName } from "./fileName";

it("a file's name lies about nothing", () => {
  expect(fileNameOf(media({ fileName: "invoice\u202Efdp.exe" }))).toBe("invoicefdp.exe");
  expect(fileNameOf(media())).toBeNull();
});

it("a long name shows how it begins and how it ends", () => {
  expect(shortName("short.pdf")).toBe("short.pdf");
  const shown = shortName(`${"a".repeat(200)}.pdf.exe`);
  expect(shown).toMatch(/^a+…a+\.pdf\.exe$/);
  expect([...shown]).toHaveLength(56);
});
