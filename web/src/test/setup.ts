import { provideTexts } from "@mediary/media/texts";
import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";
import { loadTexts, texts } from "@/texts";
import { locale } from "@/texts/language";
import { loadSettings } from "@/texts/settings";

await loadTexts();
await loadSettings();
provideTexts(texts, locale);

afterEach(cleanup);
