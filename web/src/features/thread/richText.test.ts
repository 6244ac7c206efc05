import { describe, expect, it } from "vitest";
import { calmWords, isEmojiOnly, type Part, richParts } from "@/features/thread/richText";

const text = (words: string): Part => ({ kind: "text", text: words });
const link = (href: string, words = href): Part => ({ kind: "link", href, text: words });
const hrefs = (words: string) =>
  richParts(words).flatMap((part) => (part.kind === "link" ? [part.href] : []));

describe("WhatsApp's marks", () => {
  it.each<[string, Part[]]>([
    ["*bold* words", [{ kind: "bold", parts: [text("bold")] }, text(" words")]],
    [
      "a _b_ ~c~.",
      [
        text("a "),
        { kind: "italic", parts: [text("b")] },
        text(" "),
        { kind: "strike", parts: [text("c")] },
        text("."),
      ],
    ],
    ["*_both_*", [{ kind: "bold", parts: [{ kind: "italic", parts: [text("both")] }] }]],
    ["run `npm ci`", [text("run "), { kind: "code", text: "npm ci" }]],
    ["```\na *b*\n```", [{ kind: "block", text: "a *b*" }]],
    ["> said\nyes", [{ kind: "quote", parts: [text("said")] }, text("yes")]],
    ["- one\n* two", [text("• one\n• two")]],
  ])("make of %j what they mean", (words, parts) => {
    expect(richParts(words)).toEqual(parts);
  });

  it.each(["2*3*4 = 24", "snake_case_name", "a * no * b", "a ** b", "~", "5 > 3", "*over\nlines*"])(
    "in %j are none",
    (words) => {
      expect(richParts(words)).toEqual([text(words)]);
    },
  );
});

describe("addresses", () => {
  it("become links without the sentence around them", () => {
    const words = "See https://a.example/x?y=1, or (http://b.example). *https://c.example*";
    expect(hrefs(words)).toEqual(["https://a.example/x?y=1", "http://b.example"]);
    expect(richParts("See https://a.example.")).toEqual([text("See "), link("https://a.example"), text(".")]);
  });

  it("of the web, of mail and of the telephone are known", () => {
    expect(hrefs("www.a.example/b_c_d or ana_b@mail.example, +44 7700 900-123")).toEqual([
      "https://www.a.example/b_c_d",
      "mailto:ana_b@mail.example",
      "tel:+447700900123",
    ]);
  });

  it("of any other kind stay text", () => {
    expect(hrefs("javascript:alert(1) data:text/html,x file:///etc 2026-11-30 1234567890 a@b")).toEqual([]);
  });
});

it("emoji alone are large, and words are not", () => {
  expect(["🎉", "👍🏽 ❤️", "👩‍👩‍👧 🇩🇪 🎉"].map(isEmojiOnly)).toEqual([true, true, true]);
  expect(["ok 👍", "🎉🎉🎉🎉", "12", ""].map(isEmojiOnly)).toEqual([false, false, false, false]);
});

it("words that pile up or are mostly empty keep their place", () => {
  expect(calmWords(`a${"\u0300".repeat(60)}`)).toBe(`a${"\u0300".repeat(4)}`);
  expect(calmWords("a\n\n\n\n\n\nb\n\nc")).toBe("a\n\n\nb\n\nc");
  expect(calmWords("नीलम शर्मा")).toBe("नीलम शर्मा");
});
