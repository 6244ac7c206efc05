import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import type { Page as ApiPage, MediaFile } from "../src/api/types.ts";
import { type Catalogue, catalogueOf, type Language } from "./catalogue.ts";
import { checkScreen } from "./screen.ts";
import { test as base, email, expect, password, SETTINGS_PAGES } from "./support.ts";

/** The day on which all of it was looked at. */
const NOW = "2026-11-12T10:30:00Z";
/** The made-up customer with a file of every kind. */
const CONVERSATION = 1;
const MOCK = fileURLToPath(new URL("../dev/mock-server.mjs", import.meta.url));

/**
 * The inbox of the server that is tested, over data that are the same on every day: what other specs did there is not
 * to be seen.
 */
const test = base.extend({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from it what the fixture needs
  baseURL: async ({}, use) => {
    const mock = spawn(process.execPath, [MOCK], {
      env: {
        ...process.env,
        PORT: "0",
        MOCK_NOW: NOW,
        MOCK_FILES: "2000",
        MOCK_UI: process.env.MEDIARY_URL ?? "",
        MEDIARY_EMAIL: email,
        MEDIARY_PASSWORD: password,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [said] = await once(mock.stdout, "data");
    await use(/http:\S+/.exec(String(said))?.[0]);
    mock.kill();
  },
});

type Look = {
  page: Page;
  words: Catalogue;
  /** Leads to a view, until all that is in sight is there. */
  to: (path: string) => Promise<void>;
  /** The message in that conversation that has a file of a kind. */
  messageWith: (fileType: MediaFile["fileType"]) => Promise<number>;
};

const thread = `/c/${CONVERSATION}`;

const VIEWS: Record<string, (look: Look) => Promise<unknown>> = {
  "log-in": ({ to }) => to("/login"),
  list: ({ to }) => to("/"),
  thread: ({ to }) => to(`${thread}?details=false`),
  "thread-files": async ({ to, messageWith }) =>
    to(`${thread}?details=false&m=${await messageWith("video")}`),
  details: ({ to }) => to(`${thread}?details=true`),
  "details-file": async ({ to, messageWith }) => to(`${thread}?info=${await messageWith("image")}`),
  gallery: ({ to }) => to(`${thread}?gallery=true`),
  "gallery-all": ({ to }) => to("/media"),
  "gallery-table": async ({ to, page, words }) => {
    await to("/media");
    await page.getByRole("button", { name: words.texts.gallery.view.table }).click();
    await expect(page.getByRole("grid")).toHaveAttribute("aria-busy", "false");
  },
  "large-view": async ({ to, messageWith }) => to(`${thread}?view=${await messageWith("image")}`),
  search: async ({ to, page }) => {
    await to(`${thread}?q=parcel`);
    await expect(page.getByRole("option").first()).toBeVisible();
  },
  palette: async ({ to, page }) => {
    await to(thread);
    await page.keyboard.press("Control+k");
    await expect(page.getByRole("dialog").getByRole("option").first()).toBeVisible();
  },
  keys: async ({ to, page }) => {
    await to(thread);
    await page.keyboard.press("?");
    await expect(page.getByRole("dialog")).toBeVisible();
  },
};

for (const path of [...Object.keys(SETTINGS_PAGES), "accounts/1"])
  VIEWS[`settings-${path.replace("/", "-")}`] = async ({ to, page }) => {
    await to(`/settings/${path}`);
    await expect(page.locator("main#settings").getByRole("heading").first()).toBeVisible();
  };

/** Other fonts make 1 % of a desktop differ at most, a missing composer 7 %, a page that is not mirrored 8 %. */
const DESKTOP_DIFFERS_MAX = 0.04;
/** On a phone lines break elsewhere in other fonts, and all above them moves: that is up to 8 %, a missing composer 20 %. */
const PHONE_DIFFERS_MAX = 0.14;
const DESKTOP = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

type Form = {
  use: { viewport: typeof DESKTOP; locale: string; isMobile?: boolean; hasTouch?: boolean };
  language: Language;
  differsMax: number;
  /** The views that are looked at in the dark as well. */
  isDark: (view: string) => boolean;
};

const FORMS: Record<string, Form> = {
  desktop: {
    use: { viewport: DESKTOP, locale: "en-GB" },
    language: "en",
    differsMax: DESKTOP_DIFFERS_MAX,
    isDark: () => true,
  },
  phone: {
    use: { viewport: PHONE, locale: "en-GB", isMobile: true, hasTouch: true },
    language: "en",
    differsMax: PHONE_DIFFERS_MAX,
    isDark: (view) => ["thread", "gallery"].includes(view),
  },
  "right-to-left": {
    use: { viewport: DESKTOP, locale: "ar-EG" },
    language: "ar",
    differsMax: DESKTOP_DIFFERS_MAX,
    isDark: () => false,
  },
};

for (const [form, { use, language, differsMax, isDark }] of Object.entries(FORMS)) {
  test.describe(form, () => {
    test.use({ ...use, timezoneId: "UTC" });

    test(`every main view looks as it did: ${form}`, async ({ inbox, context }, info) => {
      test.setTimeout(300_000);
      const camera = { page: inbox, lab: await context.newPage(), info, differsMax };
      await inbox.bringToFront();
      await inbox.clock.setFixedTime(NOW);
      const look = await lookAt(inbox, language);
      for (const [view, open] of Object.entries(VIEWS)) {
        await inbox.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
        await open(look);
        await checkScreen(camera, `${form}-light-${view}`);
        if (!isDark(view)) continue;
        await inbox.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
        await checkScreen(camera, `${form}-dark-${view}`);
      }
    });
  });
}

async function lookAt(page: Page, language: Language): Promise<Look> {
  const words = await catalogueOf(language);
  const answer = await page.request.get(`/api/conversations/${CONVERSATION}/media?limit=100`);
  const files = ((await answer.json()) as ApiPage<MediaFile>).items;
  const read = await page.request.post(`/api/conversations/${CONVERSATION}/read`);
  expect(read.ok()).toBe(true);
  return {
    page,
    words,
    messageWith: async (fileType) => files.find((file) => file.fileType === fileType)?.messageId ?? 0,
    to: async (path) => {
      await page.goto(path);
      await expect(page.locator("main")).toBeAttached();
      await expect(page.locator(".animate-pulse")).toHaveCount(0);
      const isPending = () => [...document.images].some(({ complete }) => !complete);
      await expect.poll(() => page.evaluate(isPending)).toBe(false);
    },
  };
}
