import type { Page } from "@playwright/test";
import {
  checkAccess,
  conversations,
  expect,
  fileArrives,
  isMock,
  ownNumber,
  test,
  thread,
} from "./support.ts";

/** A conversation in which several photos came in together. */
async function conversationWithAlbum(page: Page): Promise<number> {
  if (isMock) {
    const found = (await conversations(page)).find(({ contact }) => contact.name === "Baraka Mwangi");
    return found?.id ?? 0;
  }
  const number = await ownNumber(page, "store");
  let id = 0;
  for (const sample of ["mugs", "bike", "harbour"]) {
    id = (await fileArrives(page, number, { type: "image", media: { sample } })).conversationId;
  }
  return id;
}

test("photos that were sent together are one grid, and each opens large", async ({ inbox }) => {
  await inbox.goto(`/c/${await conversationWithAlbum(inbox)}`);
  const album = thread(inbox)
    .getByRole("article", { name: /, \d+ photos and videos$/ })
    .last();
  await expect(album).toBeVisible();
  const photos = album.locator("a[data-media]");
  await expect.poll(() => photos.count()).toBeGreaterThan(2);
  const boxes = await photos.evaluateAll((tiles) =>
    tiles.map((tile) => tile.getBoundingClientRect().toJSON()),
  );
  const [first, second] = boxes;
  // One above two, or side by side: never one below the other over the whole width.
  expect(boxes.some(({ top }, at) => boxes.some((other, index) => index !== at && other.top === top))).toBe(
    true,
  );
  expect(first?.width).toBeGreaterThan((second?.width ?? 0) - 1);
  await photos.nth(1).focus();
  const messageId = await photos.nth(1).getAttribute("data-media");
  await inbox.keyboard.press("Enter");
  await expect(inbox.getByRole("dialog", { name: "Photos and videos of this conversation" })).toBeVisible();
  await expect(inbox).toHaveURL(new RegExp(`view=${messageId}`));
  await inbox.keyboard.press("Escape");
  await expect(photos.nth(1)).toBeFocused();
  await checkAccess(inbox, "album");
});

test("one photo of several is answered, and jumped to", async ({ inbox }) => {
  const id = await conversationWithAlbum(inbox);
  await inbox.goto(`/c/${id}`);
  const album = thread(inbox)
    .getByRole("article", { name: /, \d+ photos and videos$/ })
    .last();
  const last = album.locator("a[data-media]").last();
  await last.hover();
  await album.getByRole("button", { name: "Reply" }).last().click();
  await expect(inbox.getByRole("textbox", { name: "Message" })).toBeFocused();
  const messageId = await last.getAttribute("data-media");
  await inbox.goto(`/c/${id}?m=${messageId}`);
  await expect(thread(inbox).locator(`a[data-media="${messageId}"]`)).toBeInViewport();
});
