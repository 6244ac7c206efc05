import { provideTexts } from "@mediary/media/texts";
import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";
import { locale, texts } from "@/texts";

provideTexts(texts, locale);
afterEach(cleanup);
