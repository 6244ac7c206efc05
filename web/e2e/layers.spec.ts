import type { Page } from "@playwright/test";
import type { MediaFile } from "../src/api/types.ts";
import { openList, rowOf, swipe } from "./day.ts";
import { expect, fileArrives, findMedia, isMock, list, ownNumber, test, thread } from "./support.ts";

test.use({ viewport: { width: 390, height: 844 }, hasTouch: true });

/** How many entries the page has behind it, as the router counts them. */
const depth = (page: Page) => page.evaluate(() => (history.state as { __TSR_index: number }).__TSR_index);

const dialog = (page: Page) => page.getByRole("dialog");
const details = (page: Page) => page.getByRole("complementary", { name: "Details" });

/** Opens a layer over the thread; each is closed by Back, and by its own button without an entry that is left behind. */
const LAYERS: Record<
  string,
  { open: (page: Page) => Promise<unknown>; close: (page: Page) => Promise<unknown> }
> = {
  details: {
    open: async (page) => {
      await page.getByRole("button", { name: "Contact and media" }).click();
      await expect(details(page)).toBeVisible();
    },
    close: (page) => page.getByRole("button", { name: "Close details" }).click(),
  },
  "a file in the details": {
    open: async (page) => {
      await page.getByRole("button", { name: "Contact and media" }).click();
      await details(page)
        .getByRole("link", { name: /^Details of/ })
        .first()
        .click();
      await expect(page).toHaveURL(/info=/);
    },
    close: (page) => page.getByRole("button", { name: "Close details" }).click(),
  },
  gallery: {
    open: async (page) => {
      await page.keyboard.press("g");
      await expect(dialog(page)).toBeVisible();
    },
    close: (page) => page.getByRole("button", { name: "Close the media" }).click(),
  },
  search: {
    open: async (page) => {
      await page.keyboard.press("Control+Shift+f");
      await expect(dialog(page)).toBeVisible();
      await page.keyboard.type("a");
      await expect(page).toHaveURL(/q=a/);
    },
    close: (page) => dialog(page).getByRole("button", { name: "Close" }).click(),
  },
  "the large view": {
    open: async (page) => {
      await page.locator("#thread a[data-media]").last().click();
      await expect(dialog(page)).toBeVisible();
    },
    close: (page) => dialog(page).getByRole("button", { name: "Close" }).click(),
  },
};

for (const [name, { open, close }] of Object.entries(LAYERS)) {
  test(`${name}: closed by Back, and by its button without an entry that is left`, async ({ inbox }) => {
    test.skip(isMock, "the mock has no numbers of a test's own");
    const photo = await fileArrives(inbox, await ownNumber(inbox, "store"), {
      type: "image",
      media: { sample: "mugs" },
    });
    await openList(inbox);
    await rowOf(inbox, { id: photo.conversationId }).click();
    await expect(thread(inbox)).toBeVisible();
    const before = await depth(inbox);

    await open(inbox);
    await close(inbox);
    await expect(dialog(inbox)).toHaveCount(0);
    await expect(details(inbox)).toHaveCount(0);
    expect(await depth(inbox)).toBe(before);

    await open(inbox);
    const steps = (await depth(inbox)) - before;
    for (let step = 0; step < steps; step++) await inbox.goBack();
    await expect(dialog(inbox)).toHaveCount(0);
    await expect(details(inbox)).toHaveCount(0);
    await expect(thread(inbox)).toBeVisible();

    await inbox.goBack();
    await expect(list(inbox)).toBeVisible();
  });
}

/** The newest file of a type that is not the only one of its conversation. */
async function fileWithNeighbour(page: Page, type: MediaFile["fileType"]): Promise<MediaFile> {
  const answer = await page.request.get("/api/media?limit=100");
  const { items } = (await answer.json()) as { items: MediaFile[] };
  const isAmongOthers = (file: MediaFile) =>
    items.some(({ id, conversationId }) => id !== file.id && conversationId === file.conversationId);
  const found = items.find(
    (file) => file.fileType === type && file.downloadStatus === "completed" && isAmongOthers(file),
  );
  if (!found) throw new Error(`no ${type} has a neighbour`);
  return found;
}

for (const type of ["video", "audio", "document"] as const) {
  test(`a finger leads on from a ${type} that is shown large, and closes it`, async ({ inbox }) => {
    const file = await fileWithNeighbour(inbox, type);
    // The gallery leads through all kinds; the thread through what is looked at.
    await inbox.goto(`/c/${file.conversationId}?gallery=true&view=${file.messageId}`);
    const own = new RegExp(`view=${file.messageId}(&|$)`);
    // Of the two neighbours one may not be there.
    const before = inbox.getByRole("button", { name: "Previous", exact: true });
    const after = inbox.getByRole("button", { name: "Next", exact: true });
    await expect(before.or(after).first()).toBeVisible();
    const [from, to] = (await before.isVisible()) ? [90, 330] : [330, 90];
    // In the middle of what is shown, whose play button or link takes taps.
    await swipe(inbox, [from, 450], [to, 450]);
    await expect(inbox).not.toHaveURL(own);
    await swipe(inbox, [to, 450], [from, 450]);
    await expect(inbox).toHaveURL(own);
    await swipe(inbox, [195, 400], [195, 640]);
    await expect(inbox).not.toHaveURL(/view=/);
  });
}

test("the slider of a video that is shown large is dragged, and leads nowhere else", async ({ inbox }) => {
  const video = await findMedia(inbox, "downloadStatus=completed&fileType=video");
  if (!video) throw new Error("needs a video");
  await inbox.goto(`/c/${video.conversationId}?view=${video.messageId}`);
  await dialog(inbox).getByRole("button", { name: "Play" }).click();
  const slider = dialog(inbox).getByRole("slider");
  const box = await slider.boundingBox();
  if (!box) throw new Error("the player has no slider");
  const y = box.y + box.height / 2;
  await swipe(inbox, [box.x + 10, y], [box.x + box.width - 30, y]);
  expect(Number(await slider.inputValue())).toBeGreaterThan(0);
  await expect(inbox).toHaveURL(new RegExp(`view=${video.messageId}(&|$)`));
  await expect(dialog(inbox)).toBeVisible();
});
