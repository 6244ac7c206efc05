import type { Page } from "@playwright/test";
import type { MediaFile } from "../src/api/types.ts";
import {
  arm,
  expect,
  fileArrives,
  findMedia,
  isMock,
  openMessage,
  ownNumber,
  test,
  thread,
} from "./support.ts";

const ready = "downloadStatus=completed";
const focused = (page: Page) => page.evaluate(() => document.activeElement?.tagName);

test("a retry keeps the focus until the photo is there, and hands it over", async ({ inbox }) => {
  test.skip(isMock, "the mock has no faults");
  let repair = async () => {};
  const photo = { type: "image", media: { sample: "mugs" } } as const;
  const file = await fileArrives(inbox, await ownNumber(inbox, "store"), photo, async (mediaId) => {
    repair = await arm(inbox, { kind: "server_error", at: "download", mediaId });
  });
  await openMessage(inbox, file);
  const retry = thread(inbox).getByRole("button", { name: "Retry" }).last();
  await retry.focus();
  await inbox.keyboard.press("Enter");
  await repair();
  await expect.poll(() => focused(inbox)).not.toBe("BODY");
  const tile = thread(inbox).locator(`[data-media="${file.messageId}"]`);
  await expect(tile).toBeFocused({ timeout: 20_000 });
});

test("starting a video hands the focus to its pause button", async ({ inbox }) => {
  const video = await findMedia(inbox, `${ready}&fileType=video`);
  if (!video) throw new Error("needs a video");
  await openMessage(inbox, video);
  const player = thread(inbox)
    .locator("section", { has: inbox.locator("video") })
    .last();
  await player.getByRole("button", { name: "Play" }).focus();
  await inbox.keyboard.press("Enter");
  await expect(player.getByRole("button", { name: "Pause" })).toBeFocused();
  await inbox.keyboard.press(" ");
  await expect.poll(() => player.locator("video").evaluate((v: HTMLVideoElement) => v.paused)).toBe(true);
});

test("the large view keeps the focus from photo to photo, and gives it back", async ({ inbox }) => {
  const photo = await photoWithNeighbour(inbox);
  await openMessage(inbox, photo);
  await thread(inbox).locator(`[data-media="${photo.messageId}"]`).focus();
  await inbox.keyboard.press("Enter");
  const lightbox = inbox.getByRole("dialog", { name: "Photos and videos of this conversation" });
  const rotate = lightbox.getByRole("button", { name: "Rotate" });
  await rotate.focus();
  await expect(lightbox.getByRole("button", { name: "Older" })).toBeVisible();
  const before = inbox.url();
  await inbox.keyboard.press("ArrowLeft");
  await expect(inbox).not.toHaveURL(before);
  await expect(rotate).toBeFocused();
  await inbox.keyboard.press("Escape");
  await expect.poll(() => focused(inbox)).not.toBe("BODY");
});

test("a photo that is turned fits the place", async ({ inbox }) => {
  await inbox.setViewportSize({ width: 1440, height: 700 });
  const photo = await findMedia(inbox, `${ready}&fileType=image`, ({ width }) => (width ?? 0) > 700);
  if (!photo) throw new Error("needs a large photo");
  await inbox.goto(`/c/${photo.conversationId}?view=${photo.messageId}`);
  const picture = inbox.getByRole("dialog").locator("img:not([hidden])").last();
  await expect(picture).toBeVisible();
  await inbox.keyboard.press("r");
  await expect(picture).toHaveAttribute("style", /rotate\(90deg\)/);
  const { top, bottom, left, right } = await picture.evaluate((img) => img.getBoundingClientRect().toJSON());
  expect(top).toBeGreaterThanOrEqual(59);
  expect(bottom).toBeLessThanOrEqual(701);
  expect(left).toBeGreaterThanOrEqual(-1);
  expect(right).toBeLessThanOrEqual(1441);
});

test("End on a player's slider leaves the thread where it is", async ({ inbox }) => {
  const voice = await findMedia(inbox, `${ready}&fileType=audio`);
  if (!voice) throw new Error("needs a voice note");
  await openMessage(inbox, voice);
  const player = thread(inbox).locator(`[data-media="${voice.messageId}"]`);
  await player.getByRole("button", { name: "Play" }).click();
  await player.getByRole("button", { name: "Pause" }).click();
  const slider = player.getByRole("slider");
  await slider.focus();
  const before = await thread(inbox).evaluate((region) => region.scrollTop);
  await inbox.keyboard.press("Home");
  await inbox.keyboard.press("End");
  await expect(slider).toBeFocused();
  expect(await thread(inbox).evaluate((region) => region.scrollTop)).toBe(before);
});

async function photoWithNeighbour(page: Page): Promise<MediaFile> {
  const answer = await page.request.get(`/api/media?limit=100&${ready}&fileType=image`);
  const { items } = (await answer.json()) as { items: MediaFile[] };
  const isReal = ({ fileSize, policy }: MediaFile) => policy === "store" && (fileSize ?? 0) > 1000;
  const photo = items
    .filter(isReal)
    .find((media, at) => items.slice(at + 1).some((older) => older.conversationId === media.conversationId));
  if (!photo) throw new Error("needs two photos in a conversation");
  return photo;
}
