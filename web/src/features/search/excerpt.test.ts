import { describe, expect, it } from "vitest";
import { excerpt } from "@/features/search/excerpt";

const shown = (text: string, ...words: string[]) => {
  const marks = words.map((word) => ({ start: text.indexOf(word), end: text.indexOf(word) + word.length }));
  return excerpt(text, marks)
    .map(({ text: piece, marked }) => (marked ? `[${piece}]` : piece))
    .join("");
};

describe("what is shown of a text that was found", () => {
  it("has its words marked where they stand", () => {
    expect(shown("The blue mug and the blue bike", "blue", "bike")).toBe(
      "The [blue] mug and the blue [bike]",
    );
  });

  it("begins shortly before the first of them, at a word", () => {
    const text = `${"some words before ".repeat(8)}the harbour at night`;
    expect(shown(text, "harbour")).toBe("…some words before the [harbour] at night");
  });

  it("ends where it would be too long", () => {
    const found = shown(`harbour ${"and more ".repeat(60)}`, "harbour");
    expect(found.startsWith("[harbour] and more")).toBe(true);
    expect(found.endsWith("…")).toBe(true);
    expect(found.length).toBeLessThan(240);
  });

  it("cuts no letter of two units in half", () => {
    const found = shown(`${"🎉".repeat(40)}harbour`, "harbour");
    expect(found).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/);
    expect(found).toContain("[harbour]");
  });

  it("is one line, whose letters stand in the order in which they were written", () => {
    expect(shown("one\n\ntwo\u202Eexe.pdf", "two")).toBe("one [two]exe.pdf");
  });

  it("is the beginning of the text where no words stand in it", () => {
    expect(excerpt("Hello there", [])).toEqual([{ text: "Hello there", marked: false }]);
  });

  it("takes marks that overlap, in any order", () => {
    const marks = [
      { start: 4, end: 8 },
      { start: 0, end: 6 },
    ];
    expect(excerpt("abcdefghij", marks).map(({ text }) => text)).toEqual(["abcdef", "gh", "ij"]);
  });
});
