import { asSentence } from "@mediary/media/lib/sentence";
import { afterEach, expect, it, vi } from "vitest";

/** What a page in a language writes, for a person of a region. */
async function formatIn(language: string, region: string) {
  vi.resetModules();
  vi.spyOn(navigator, "languages", "get").mockReturnValue([region, "en"]);
  document.documentElement.lang = language;
  const catalogue = await import("@/texts");
  await catalogue.loadTexts();
  const { provideTexts } = await import("@mediary/media/texts");
  provideTexts(catalogue.texts, (await import("@/texts/language")).locale);
  return import("@mediary/media/lib/format");
}

afterEach(() => {
  document.documentElement.lang = "en";
});

const NOW = new Date(2026, 2, 10, 12, 0);
const at = (day: number, hour = 10) => new Date(2026, 2, day, hour).toISOString();

it("Arabic of Egypt has its own digits, months and words", async () => {
  const { formatAgo, formatBytes, formatDate, formatDay, formatDuration, formatShort, formatWait } =
    await formatIn("ar", "ar-EG");
  expect(formatDuration(3723)).toBe("١:٠٢:٠٣");
  expect(formatDate(at(5))).toBe("٥ مارس ٢٠٢٦");
  expect(formatDay(at(9), NOW)).toBe("أمس");
  expect(formatShort(at(5), NOW)).toBe("الخميس");
  expect(formatAgo(at(10), NOW)).toBe("قبل ساعتين");
  expect(formatBytes(2_450_000)).toMatch(/^٢٫٥\s?م\.ب$/);
  expect(formatWait(7_200)).toBe("ساعتان");
});

it("Arabic of Morocco has the digits that are used there", async () => {
  const { formatDate, formatDuration } = await formatIn("ar", "ar-MA");
  expect(formatDuration(67)).toBe("1:07");
  expect(formatDate(at(5))).toBe("5 مارس 2026");
});

it("Hindi has its months and words, and groups numbers by hundreds of thousands", async () => {
  const { formatAgo, formatBytes, formatDate, formatDay, formatDuration } = await formatIn("hi", "hi-IN");
  const { number } = await import("@/texts");
  expect(number(1_234_567)).toBe("12,34,567");
  expect(formatDuration(67)).toBe("1:07");
  expect(formatDate(at(5))).toBe("5 मार्च 2026");
  expect(formatDay(at(10), NOW)).toBe("आज");
  expect(formatAgo(at(10), NOW)).toBe("2 घंटे पहले");
  expect(formatBytes(0)).toBe("0 बाइट");
});

it.each(["फ़ाइल हटा दी गई है।", "هل تريد المتابعة؟", "El archivo se eliminó."])(
  "%s is a whole sentence",
  (sentence) => {
    expect(asSentence(sentence)).toBe(sentence);
  },
);
