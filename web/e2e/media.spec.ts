import type { Page } from "@playwright/test";
import type { Conversation, MediaFile } from "../src/api/types.ts";
import {
  arm,
  control,
  conversations,
  expect,
  fileArrives,
  findMedia,
  hasPlainName,
  openMessage,
  ownNumber,
  test,
  thread,
} from "./support.ts";

const ready = "downloadStatus=completed";

test("a photo shows in the thread and large, with the keyboard", async ({ inbox }) => {
  const photo = await findMedia(inbox, `${ready}&fileType=image`, isReal);
  expect(photo, "needs a photo").toBeTruthy();
  if (!photo) return;
  await openMessage(inbox, photo);
  const tile = thread(inbox).locator(`[data-media="${photo.messageId}"]`);
  await expect(tile).toBeInViewport();
  await expect.poll(() => tile.locator("img").last().evaluate(isDecoded)).toBe(true);
  await tile.focus();
  await inbox.keyboard.press("Enter");
  const lightbox = inbox.getByRole("dialog", { name: "Photos and videos of this conversation" });
  await expect(lightbox).toBeVisible();
  await expect(inbox).toHaveURL(new RegExp(`view=${photo.messageId}`));
  await expect.poll(() => lightbox.locator("img").last().evaluate(isDecoded)).toBe(true);

  await inbox.keyboard.press("+");
  await expect(lightbox.locator("img").last()).toHaveAttribute("style", /scale\(1\.5\)/);
  await inbox.keyboard.press("0");
  await inbox.keyboard.press("r");
  await expect(lightbox.locator("img").last()).toHaveAttribute("style", /rotate\(90deg\)/);
  for (const [key, name] of [
    ["ArrowLeft", "Older"],
    ["ArrowRight", "Newer"],
  ] as const) {
    if (!(await lightbox.getByRole("button", { name }).isVisible())) continue;
    const before = inbox.url();
    await inbox.keyboard.press(key);
    await expect(inbox).not.toHaveURL(before);
  }
  await inbox.keyboard.press("Escape");
  await expect(lightbox).toBeHidden();
  await expect(tile).toBeFocused();
});

test("a voice note plays, pauses, and is the only one playing", async ({ inbox }) => {
  const voice = await findMedia(inbox, `${ready}&fileType=audio`);
  expect(voice, "needs a voice note").toBeTruthy();
  if (!voice) return;
  await openMessage(inbox, voice);
  const player = thread(inbox).locator(`[data-media="${voice.messageId}"]`);
  await player.getByRole("button", { name: "Play" }).click();
  await expect(player.getByRole("button", { name: "Pause" })).toBeVisible();
  await expect.poll(() => player.getByRole("slider").inputValue().then(Number)).toBeGreaterThan(0);
  await player.getByRole("slider").focus();
  await inbox.keyboard.press("k");
  await player.getByRole("button", { name: /^Speed/ }).click();
  await expect(player.getByRole("button", { name: "Speed 1.5×" })).toBeVisible();
  await player.getByRole("button", { name: "Pause" }).click();
  await expect(player.getByRole("button", { name: "Play" })).toBeVisible();
});

test("a voice note plays on while another conversation is open", async ({ inbox }) => {
  const voice = await findMedia(inbox, `${ready}&fileType=audio`, ({ policy }) => policy === "store");
  if (!voice) throw new Error("needs a voice note");
  await openMessage(inbox, voice);
  const player = thread(inbox).locator(`[data-media="${voice.messageId}"]`);
  await player.getByRole("button", { name: "Play" }).click();
  await expect(player.getByRole("button", { name: "Pause" })).toBeVisible();
  const bar = inbox.getByRole("region", { name: "Playing now" });
  await expect(bar).toBeHidden();
  await inbox.keyboard.press("Escape");
  await expect(bar).toBeVisible();
  await bar.getByRole("link").click();
  await expect(inbox).toHaveURL(new RegExp(`/c/${voice.conversationId}\\?m=${voice.messageId}`));
  await expect(bar).toBeHidden();
  await inbox.keyboard.press("Escape");
  await bar.getByRole("button", { name: "Stop" }).click();
  await expect(bar).toBeHidden();
});

test("a video plays with our controls", async ({ inbox }) => {
  const video = await findMedia(inbox, `${ready}&fileType=video`);
  expect(video, "needs a video").toBeTruthy();
  if (!video) return;
  await openMessage(inbox, video);
  const player = thread(inbox)
    .locator("section", { has: inbox.locator("video") })
    .last();
  await player.getByRole("button", { name: "Play" }).click();
  await expect(player.getByRole("button", { name: "Full screen" })).toBeVisible();
  await expect
    .poll(() => player.locator("video").evaluate((v: HTMLVideoElement) => v.currentTime))
    .toBeGreaterThan(0);
  await player.getByRole("slider").focus();
  await inbox.keyboard.press("k");
  await expect.poll(() => player.locator("video").evaluate((v: HTMLVideoElement) => v.paused)).toBe(true);
});

test("a document shows its name and downloads under it", async ({ inbox }) => {
  const document = await findMedia(inbox, `${ready}&fileType=document`, hasPlainName);
  expect(document, "needs a document").toBeTruthy();
  if (!document) return;
  await openMessage(inbox, document);
  const link = thread(inbox)
    .getByRole("link", { name: `Download ${document.fileName}` })
    .first();
  const [download] = await Promise.all([inbox.waitForEvent("download"), link.click()]);
  expect(download.suggestedFilename()).toBe(document.fileName);
});

test("a sticker shows without a bubble", async ({ inbox }) => {
  const sticker = await findMedia(inbox, `${ready}&fileType=sticker`);
  expect(sticker, "needs a sticker").toBeTruthy();
  if (!sticker) return;
  await openMessage(inbox, sticker);
  await expect(
    thread(inbox)
      .getByAltText(/^Sticker from/)
      .first(),
  ).toBeVisible();
});

test("an expired file says so and offers no retry", async ({ inbox }) => {
  const gone = await findMedia(
    inbox,
    "downloadStatus=failed",
    (media) => media.lastError?.code === "media_expired",
  );
  expect(gone, "needs an expired file").toBeTruthy();
  if (!gone) return;
  await openMessage(inbox, gone);
  const message = thread(inbox)
    .getByRole("article")
    .filter({ hasText: gone.lastError?.message ?? "" })
    .first();
  await expect(message).toBeVisible();
  await expect(message.getByRole("button", { name: "Retry" })).toHaveCount(0);
});

test("a failed download is retried by hand and shows when it is there", async ({ inbox }) => {
  const { failed, repair } = (await failedPhoto(inbox)) ?? (await failPhoto(inbox));
  await openMessage(inbox, failed);
  const message = thread(inbox)
    .getByRole("article")
    // When it is tried again is said more exactly than in the server's sentence.
    .filter({ hasText: (failed.lastError?.message ?? "").split(". ")[0] ?? "" })
    .last();
  // In this order, as the server too tries again every few seconds: whichever try succeeds, its end is told.
  await message.getByRole("button", { name: "Retry" }).click();
  await repair();
  await expect(inbox.getByText("Media downloaded successfully")).toBeVisible({ timeout: 20_000 });
  await expect(thread(inbox).locator(`[data-media="${failed.messageId}"]`)).toBeVisible();
});

type Failed = { failed: MediaFile; repair: () => Promise<void> };

async function failedPhoto(page: Page): Promise<Failed | undefined> {
  const query = "downloadStatus=failed&fileType=image";
  const failed = await findMedia(page, query, (media) => media.lastError?.retryable === true);
  return failed && { failed, repair: async () => {} };
}

/** Makes WhatsApp's media host fail for a photo, and lets it arrive. */
async function failPhoto(page: Page): Promise<Failed> {
  let repair = async () => {};
  const photo = { type: "image", media: { sample: "mugs" } } as const;
  const { id } = await fileArrives(page, await ownNumber(page, "store"), photo, async (mediaId) => {
    repair = await arm(page, { kind: "server_error", at: "download", mediaId });
  });
  const isIt = (media: MediaFile) => media.id === id && media.lastError !== null;
  let failed: MediaFile | undefined;
  await expect
    .poll(async () => {
      failed = await findMedia(page, "downloadStatus=failed", isIt);
      return failed;
    })
    .toBeTruthy();
  if (!failed) throw new Error("the photo did not fail");
  return { failed, repair };
}

test("the details list recent media and tell all about a file", async ({ inbox }) => {
  const photo = await findMedia(inbox, `${ready}&fileType=image`);
  expect(photo, "needs a photo").toBeTruthy();
  if (!photo) return;
  await inbox.goto(`/c/${photo.conversationId}`);
  const details = inbox.getByRole("complementary", { name: "Details" });
  await details
    .getByRole("link", { name: /^Details of/ })
    .first()
    .click();
  await expect(details.getByText("SHA-256").or(details.getByText("Received"))).not.toHaveCount(0);
  await details.getByRole("link", { name: "Show in conversation" }).click();
  await expect(inbox).toHaveURL(/[?&]m=\d+/);
});

test("a conversation without media says so", async ({ inbox }) => {
  const { id } = await quietConversation(inbox);
  await inbox.goto(`/c/${id}`);
  await expect(inbox.getByText("No media in this conversation")).toBeVisible();
});

/** The conversation of a customer who sends nothing but words. */
async function quietConversation(page: Page): Promise<Conversation> {
  const waId = "15550199001";
  const customer = { waId, name: "Quiet Customer" };
  await control(page, "messages", { type: "text", text: "Only words from me", customer });
  let found: Conversation | undefined;
  await expect
    .poll(async () => {
      found = (await conversations(page)).find(({ contact }) => contact.waId === waId);
      return found;
    })
    .toBeTruthy();
  if (!found) throw new Error("the customer's message did not come in");
  return found;
}

/** Large enough to be a picture: demo data may hold a broken one on purpose. */
function isReal(media: MediaFile): boolean {
  return media.policy === "store" && (media.fileSize ?? 0) > 1000;
}

function isDecoded(element: Element): boolean {
  return element instanceof HTMLImageElement && element.complete && element.naturalWidth > 0;
}
