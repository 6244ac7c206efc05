import type { Page } from "@playwright/test";
import {
  CUSTOMERS,
  customers,
  expectFocus,
  longPress,
  openList,
  press,
  rowOf,
  scrollTo,
  swipe,
  tabTo,
  unnamed,
} from "./day.ts";
import { field } from "./sending.ts";
import { expect, list, logIn, rows, test, thread } from "./support.ts";

/** Whole days at the inbox, each in one way of working: a step that leads nowhere fails. */

const ANSWER = "Thank you, we look after it today.";
const SECONDS_EACH = 15;

const large = (page: Page) => page.getByRole("dialog", { name: "Photos and videos of this conversation" });
const gallery = (page: Page) => page.getByRole("dialog", { name: /^Media with/ });
const details = (page: Page) => page.getByRole("complementary", { name: "Details" });
const search = (page: Page) => page.getByRole("dialog", { name: "Search everything" });
const palette = (page: Page) => page.getByRole("dialog", { name: "Go to, or do" });
const cancelReply = (page: Page) => page.getByRole("button", { name: "Cancel the reply" });
const newest = (page: Page) => thread(page).getByRole("article").last();
const filesOf = (page: Page) => gallery(page).locator("[data-file]");
/** The files are there, or it is said that there are none. */
const galleryFilled = (page: Page) =>
  expect(filesOf(page).first().or(gallery(page).getByText("No media in this conversation"))).toBeVisible();

test.beforeEach(() => test.setTimeout(30_000 + CUSTOMERS * SECONDS_EACH * 1_000));

test("a day by keyboard alone", async ({ inbox }) => {
  await openList(inbox);
  const day = await customers(inbox, CUSTOMERS);
  await press(inbox, "j");
  await press(inbox, "Home");
  for (const [at, customer] of day.entries()) {
    await test.step(`customer ${at + 1}`, async () => {
      for (let steps = 0; steps < 400; steps++) {
        if (await focusIsOn(inbox, customer.id)) break;
        await press(inbox, "j");
      }
      await press(inbox, "Enter");
      await expect(inbox).toHaveURL(new RegExp(`/c/${customer.id}$`));
      await expect(newest(inbox)).toBeVisible();
      await tabTo(inbox, thread(inbox));
      await filesByKeyboard(inbox);
      await press(inbox, "i");
      await press(inbox, "i");
      await galleryByKeyboard(inbox);
      await answerByKeyboard(inbox);
      await press(inbox, "Control+Shift+f");
      await expect(search(inbox)).toBeVisible();
      await press(inbox, "Escape");
      await expect(search(inbox)).toBeHidden();
      await press(inbox, "Control+k");
      await expect(palette(inbox)).toBeVisible();
      await press(inbox, "Escape");
      await expect(palette(inbox)).toBeHidden();
      await press(inbox, "Escape");
      await expect(inbox).toHaveURL(/\/$/);
    });
  }
});

function focusIsOn(page: Page, id: number): Promise<boolean> {
  const path = new RegExp(`/c/${id}$`);
  return page.evaluate(() => document.activeElement?.getAttribute("href") ?? "").then((at) => path.test(at));
}

/** What the newest messages carry: a picture is seen large, a voice note is heard. */
async function filesByKeyboard(page: Page): Promise<void> {
  const done = new Set<string>();
  for (let messages = 0; messages < 6; messages++) {
    await press(page, "ArrowUp");
    const kind = await page.evaluate(() => {
      const message = document.activeElement?.closest("article");
      if (message?.querySelector("a[data-media]")) return "picture";
      return message?.querySelector("audio, [data-act=play]") ? "sound" : null;
    });
    if (kind === null || done.has(kind)) continue;
    done.add(kind);
    await press(page, "Enter");
    if (kind === "sound") {
      await press(page, "Space");
      continue;
    }
    await expect(large(page)).toBeVisible();
    for (const key of ["ArrowLeft", "ArrowRight", "r", "+", "0", "Escape"]) await press(page, key);
    await expect(large(page)).toBeHidden();
    await expectFocus(page, "the large view");
  }
}

async function galleryByKeyboard(page: Page): Promise<void> {
  await press(page, "g");
  await expect(gallery(page)).toBeVisible();
  await galleryFilled(page);
  if ((await filesOf(page).count()) > 0) {
    await filesOf(page).first().focus();
    for (const key of ["ArrowRight", "ArrowLeft", "Space", "Escape"]) await press(page, key);
  }
  await press(page, "Escape");
  await expect(gallery(page)).toBeHidden();
  await expectFocus(page, "the gallery");
}

/** The message in hand is answered, where it can be; else the conversation. */
async function answerByKeyboard(page: Page): Promise<void> {
  await press(page, "r");
  if (!(await cancelReply(page).isVisible())) await press(page, "c");
  await expect(field(page)).toBeFocused();
  await page.keyboard.type(ANSWER);
  await press(page, "Enter");
  await expect(thread(page).getByText(ANSWER).last()).toBeInViewport();
  await expect(field(page)).toBeFocused();
  await expect(field(page)).toHaveValue("");
}

test("a day by touch alone", async ({ browser, baseURL }) => {
  const context = await browser.newContext({
    ...(baseURL ? { baseURL } : {}),
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  });
  const page = await context.newPage();
  await logIn(page.request, baseURL ?? "");
  await openList(page);
  for (const [at, customer] of (await customers(page, CUSTOMERS)).entries()) {
    await test.step(`customer ${at + 1}`, async () => {
      await scrollTo(page, rowOf(page, customer));
      await rowOf(page, customer).tap();
      await expect(newest(page)).toBeVisible();
      await filesByTouch(page);
      await detailsByTouch(page);
      await answerByTouch(page);
      if (at % 2 === 0) await page.getByRole("link", { name: "Back", exact: true }).tap();
      else await backToList(page);
      // The list is where it was left.
      await expect(rowOf(page, customer)).toBeInViewport();
    });
  }
  await context.close();
});

/** The browser's own gesture for Back, past what was opened in the conversation. */
async function backToList(page: Page): Promise<void> {
  for (let gestures = 0; gestures < 4 && new URL(page.url()).pathname !== "/"; gestures++)
    await page.goBack();
}

async function filesByTouch(page: Page): Promise<void> {
  const picture = thread(page).locator("a[data-media]").last();
  if ((await picture.count()) > 0) {
    await picture.tap();
    await expect(large(page)).toBeVisible();
    await swipe(page, [195, 300], [195, 600]);
    await expect(large(page)).toBeHidden();
    await picture.tap();
    await expect(large(page)).toBeVisible();
    await swipe(page, [60, 420], [300, 420]);
    await large(page).getByRole("button", { name: "Close" }).tap();
    await expect(large(page)).toBeHidden();
  }
  const play = thread(page).getByRole("group", { name: "Voice note" }).getByRole("button", { name: "Play" });
  if ((await play.count()) === 0) return;
  await play.last().tap();
  const pause = thread(page).getByRole("button", { name: "Pause" }).last();
  await pause.tap();
  await expect(pause).toBeHidden();
}

async function detailsByTouch(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Contact and media" }).tap();
  await expect(details(page)).toBeVisible();
  await details(page)
    .getByRole("link", { name: "All media" })
    .or(details(page).getByText("No media"))
    .first()
    .waitFor();
  if (await details(page).getByRole("link", { name: "All media" }).isVisible()) {
    await details(page).getByRole("link", { name: "All media" }).tap();
    await galleryFilled(page);
    if ((await filesOf(page).count()) > 0) {
      await longPress(page, filesOf(page).first(), gallery(page).getByText("1 selected"));
      await gallery(page).getByRole("button", { name: "Clear the selection" }).tap();
      await expect(gallery(page).getByText("1 selected")).toBeHidden();
    }
    await gallery(page).getByRole("button", { name: "Close the media" }).tap();
    await expect(gallery(page)).toBeHidden();
  }
  await details(page).getByRole("button", { name: "Close details" }).tap();
  await expect(details(page)).toBeHidden();
}

async function answerByTouch(page: Page): Promise<void> {
  const more = newest(page).getByRole("button", { name: "React and more" });
  if ((await more.count()) > 0) {
    await more.tap();
    await page.getByRole("dialog", { name: "Message actions" }).getByRole("button", { name: "Reply" }).tap();
    await expect(cancelReply(page)).toBeVisible();
  } else await field(page).tap();
  await page.keyboard.insertText(ANSWER);
  await page.getByRole("button", { name: "Send", exact: true }).tap();
  await expect(thread(page).getByText(ANSWER).last()).toBeInViewport();
}

test("a day by the tree of a screen reader", async ({ inbox }) => {
  await openList(inbox);
  const named = async (where: string) => expect(await unnamed(inbox), `without a name ${where}`).toEqual([]);
  for (const [at, customer] of (await customers(inbox, CUSTOMERS)).entries()) {
    await test.step(`customer ${at + 1}`, async () => {
      await inbox
        .getByRole("searchbox", { name: "Search names and numbers" })
        .fill(customer.contact.phone ?? "");
      await expect(rows(inbox)).toHaveCount(1);
      await list(inbox).getByRole("listitem").getByRole("link").click();
      await expect(inbox.getByRole("main")).toBeVisible();
      await expect(newest(inbox)).toBeVisible();
      await expect(inbox.getByRole("region", { name: "Write a message" })).toBeVisible();
      await named("in a conversation");
      await threadByTree(inbox);
      await named("with the gallery");
      await inbox.getByRole("textbox", { name: "Message", exact: true }).fill(ANSWER);
      await inbox.getByRole("button", { name: "Send", exact: true }).click();
      await expect(newest(inbox)).toContainText(ANSWER);
      await inbox.getByRole("button", { name: "Clear search" }).click();
    });
  }
  await inbox.getByRole("button", { name: /^Search everything/ }).click();
  await named("in the search");
  await search(inbox).getByRole("button", { name: "Close" }).click();
  await inbox.getByRole("link", { name: "All media" }).first().click();
  await expect(inbox.getByRole("listbox", { name: "All media" }).getByRole("option").first()).toBeVisible();
  await named("in all media");
  await inbox.getByRole("link", { name: "Settings" }).click();
  await expect(inbox.getByRole("main")).toBeVisible();
  await named("in the settings");
});

async function threadByTree(page: Page): Promise<void> {
  const picture = thread(page)
    .getByRole("link", { name: /^Photo/ })
    .last();
  if ((await picture.count()) > 0) {
    await picture.click();
    await large(page).getByRole("button", { name: "Close" }).click();
    await expect(large(page)).toBeHidden();
  }
  await expect(details(page)).toBeVisible();
  await details(page).getByRole("link", { name: "All media" }).click();
  await galleryFilled(page);
  await gallery(page).getByRole("button", { name: "Close the media" }).click();
  await expect(gallery(page)).toBeHidden();
}
