import type { Page } from "@playwright/test";
import { shortcuts } from "../src/texts/en/shortcuts.ts";
import { focusOf, openList, press } from "./day.ts";
import { field } from "./sending.ts";
import { conversations, expect, findMedia, list, openMessage, rows, test, thread } from "./support.ts";

/** Every key that the inbox explains, in every view that it has: after none of them the focus is nowhere. */

const NAMES: Record<string, string> = {
  "↓": "ArrowDown",
  "↑": "ArrowUp",
  "←": "ArrowLeft",
  "→": "ArrowRight",
  "−": "-",
  Ctrl: "Control",
  Esc: "Escape",
  "Page ↑": "PageUp",
  "Page ↓": "PageDown",
};

/** What the sheet of keys lists, as keys to be pressed; a letter as it is typed. */
function keysOf(shown: readonly string[]): string[] {
  const keys = shown.map((key) => NAMES[key] ?? (key.length === 1 ? key.toLowerCase() : key));
  const isChord = /^(Control|Shift)$/.test(keys[0] ?? "");
  return isChord ? [keys.join("+")] : keys;
}

const KEYS = [...new Set(shortcuts.groups.flatMap(({ items }) => items.flatMap(({ keys }) => keysOf(keys))))];

/** Leads to the view, with the focus where a keyboard user has it there. */
type View = (page: Page) => Promise<void>;

const dialog = (page: Page) => page.getByRole("dialog").last();

async function openNewest(page: Page): Promise<void> {
  const [newest] = await conversations(page);
  await page.goto(`/c/${newest?.id}`);
  await expect(thread(page).getByRole("article").last()).toBeVisible();
}

async function openFile(page: Page, fileType: "image" | "audio"): Promise<void> {
  const isStored = ({ policy, fileSize }: { policy: string; fileSize: number | null }) =>
    policy === "store" && (fileSize ?? 0) > 1000;
  const file = await findMedia(page, `downloadStatus=completed&fileType=${fileType}`, isStored);
  if (!file) throw new Error(`needs a file: ${fileType}`);
  await openMessage(page, file);
  const tile = thread(page).locator(`[data-media="${file.messageId}"]`);
  await expect(tile).toBeInViewport();
  await tile.evaluate((element) => element.closest<HTMLElement>("article")?.focus());
}

async function openMedia(page: Page, view: "As a grid" | "As a table"): Promise<void> {
  await page.goto("/media");
  await page.getByRole("button", { name: view }).click();
  const file = page.locator("main [data-file]").first();
  await expect(file).toBeVisible();
  await file.focus();
}

const VIEWS: Record<string, View> = {
  list: async (page) => {
    await openList(page);
    await page.keyboard.press("j");
    await expect(rows(page).first().getByRole("link")).toBeFocused();
  },
  "field of the list": async (page) => {
    await openList(page);
    await page.keyboard.press("/");
  },
  "field of the list, with nothing found": async (page) => {
    await openList(page);
    await page.keyboard.press("/");
    await page.keyboard.type("zzqqzz");
    await expect(list(page).getByText(/Nothing found/)).toBeVisible();
  },
  thread: async (page) => {
    await openNewest(page);
    await thread(page).focus();
  },
  "message with a photo": (page) => openFile(page, "image"),
  "message with a voice note": (page) => openFile(page, "audio"),
  "slider of a voice note": async (page) => {
    await openFile(page, "audio");
    await page.keyboard.press("Enter");
    const slider = thread(page).getByRole("slider").last();
    await expect(slider).toBeVisible();
    await slider.focus();
  },
  composer: async (page) => {
    await openNewest(page);
    await page.keyboard.press("c");
    await expect(field(page)).toBeFocused();
  },
  "details over the thread": async (page) => {
    await page.setViewportSize({ width: 900, height: 800 });
    await openNewest(page);
    await thread(page).focus();
    await page.keyboard.press("i");
    await expect(page.getByRole("complementary", { name: "Details" })).toBeFocused();
  },
  "thread alone": async (page) => {
    await page.setViewportSize({ width: 500, height: 800 });
    await openNewest(page);
    await thread(page).focus();
  },
  "large view": async (page) => {
    await openFile(page, "image");
    await page.keyboard.press("Enter");
    await expect(dialog(page)).toBeVisible();
  },
  "gallery of a conversation": async (page) => {
    await openFile(page, "image");
    await page.keyboard.press("g");
    const file = dialog(page).locator("[data-file]").first();
    await expect(file).toBeVisible();
    await file.focus();
  },
  "all media": (page) => openMedia(page, "As a grid"),
  "all media as a table": (page) => openMedia(page, "As a table"),
  "large view of all media": async (page) => {
    await openMedia(page, "As a grid");
    await page.keyboard.press("Enter");
    await expect(dialog(page)).toBeVisible();
  },
  search: async (page) => {
    await openList(page);
    await page.keyboard.press("Control+Shift+f");
    await expect(dialog(page).getByRole("combobox")).toBeFocused();
  },
  palette: async (page) => {
    await openList(page);
    await page.keyboard.press("Control+k");
    await expect(dialog(page).getByRole("combobox")).toBeFocused();
  },
  "sheet of keys": async (page) => {
    await openNewest(page);
    await page.keyboard.press("?");
    await expect(dialog(page)).toBeFocused();
  },
  settings: async (page) => {
    await page.goto("/settings/session");
    await page.getByRole("main").focus();
  },
};

/** Where somebody is: what a key changes of it is undone by going there again. */
const placeOf = (page: Page) =>
  page.evaluate(
    () => `${location.pathname}${location.search} ${document.querySelectorAll("dialog[open]").length}`,
  );

test("the sheet of keys has chords, letters and names", () => {
  expect(KEYS).toEqual(
    expect.arrayContaining(["Control+k", "Control+Shift+f", "j", "PageUp", "Escape", "?"]),
  );
});

for (const [name, open] of Object.entries(VIEWS)) {
  test(`no key leaves the focus nowhere: ${name}`, async ({ inbox }) => {
    test.setTimeout(90_000);
    await open(inbox);
    const place = await placeOf(inbox);
    for (const key of KEYS) {
      await press(inbox, key);
      if ((await placeOf(inbox)) === place) continue;
      await inbox.setViewportSize({ width: 1440, height: 900 });
      await open(inbox);
      expect(await focusOf(inbox), `the view is there again: ${name}`).not.toBeNull();
    }
  });
}

for (const [size, viewport] of Object.entries({
  desktop: { width: 1440, height: 900 },
  phone: { width: 390, height: 844 },
})) {
  test(`no way between the pages leaves the focus nowhere: ${size}`, async ({ inbox }) => {
    await inbox.setViewportSize(viewport);
    await openList(inbox);
    const take = async (name: string, path: RegExp) => {
      await inbox.getByRole("link", { name, exact: true }).first().focus();
      await inbox.keyboard.press("Enter");
      await expect(inbox).toHaveURL(path);
      // A page that is fetched first has it as soon as it is there.
      await expect.poll(() => focusOf(inbox), `${name} leaves the focus somewhere`).not.toBeNull();
    };
    await take("All media", /\/media$/);
    if (size === "phone") await take("Back", /\/$/);
    await take("Settings", /\/settings/);
    await expect(inbox.getByRole("link", { name: "Back to the inbox" })).toBeVisible();
    await take("Back to the inbox", /\/$/);
    await rows(inbox).first().getByRole("link").focus();
    await press(inbox, "Enter");
    await expect(thread(inbox)).toBeVisible();
    if (size === "phone") await take("Back", /\/$/);
    await inbox.goBack();
    expect(await focusOf(inbox)).not.toBeNull();
  });
}
