import { expect, test } from "vitest";
import { toCsv } from "@/lib/csv";

test("cells with commas, quotes and line ends are quoted", () => {
  expect(toCsv([["a", 'say "hi"', "x,y", "two\nlines"]])).toBe('a,"say ""hi""","x,y","two\nlines"\r\n');
});

test("no cell is a formula", () => {
  expect(toCsv([["=HYPERLINK(1)", "+1", "-1", "@x", "a=b"]])).toBe("'=HYPERLINK(1),'+1,'-1,'@x,a=b\r\n");
});
