import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";
import { loadTexts } from "@/texts";
import { loadSettings } from "@/texts/settings";

await loadTexts();
await loadSettings();

afterEach(cleanup);
