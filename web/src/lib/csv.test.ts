import { expect, test } from "vitest";
import { toCsv } from "@/lib/csv";

test("cells with commas, quotes and line ends are quoted", () => {
  expect(toCsv([["a", 'say "hi"', "x,y", "two\nlines"]])).toBe('a,"say ""hi""","x,y","two\nlines"\r\n');
});

test("no cell is a formula, and none becomes one where semicolons part cells", () => {
  expect(toCsv([["x;=1+1;y", " =1", "＝1", "1;2"]])).toBe("x;'=1+1;y, '=1,'＝1,1;2\r\n");
  expect(toCsv([["=HYPERLINK(1)", "+1", "-1", "@x", "a=b"]])).toBe("'=HYPERLINK(1),'+1,'-1,'@x,a=b\r\n");
});
