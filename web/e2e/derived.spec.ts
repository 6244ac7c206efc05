import type { MediaFile } from "../src/api/types.ts";
import { checkAccess, expect, findMedia, hasPlainName, openMessage, test, thread } from "./support.ts";

/** What was made of files: pictures of them, first pages, waveforms. */

const ready = "downloadStatus=completed";
const has = (kind: string) => (media: MediaFile) => media.variants.some((variant) => variant.kind === kind);

test("the thread and the lists load no photo, video or document itself", async ({ inbox }) => {
  const photo = await findMedia(inbox, `${ready}&fileType=image`, has("preview"));
  expect(photo, "needs a photo of which a preview was made").toBeTruthy();
  if (!photo) return;
  const loaded: string[] = [];
  inbox.on("request", (request) => {
    const { pathname, searchParams } = new URL(request.url());
    const original = pathname.startsWith("/api/media/messages/") && !searchParams.has("variant");
    if (original) loaded.push(pathname);
  });
  await openMessage(inbox, photo);
  const tile = thread(inbox).locator(`[data-media="${photo.messageId}"]`);
  await expect.poll(() => tile.locator("img").last().evaluate(isDecoded)).toBe(true);
  await expect(tile.locator("img").last()).toHaveAttribute("src", /variant=(thumb|preview)/);
  await inbox.mouse.move(700, 450);
  for (let turn = 0; turn < 5; turn++) await inbox.mouse.wheel(0, -800);
  await inbox.waitForLoadState("networkidle");
  const stickers = await inbox.request.get("/api/media?limit=100&fileType=sticker");
  const { items } = (await stickers.json()) as { items: MediaFile[] };
  const shownWhole = new Set(items.map(({ messageId }) => `/api/media/messages/${messageId}`));
  expect(loaded.filter((path) => !shownWhole.has(path))).toEqual([]);
});

test("the large view begins with the preview, and takes the photo itself once it is zoomed", async ({
  inbox,
}) => {
  const photo = await findMedia(
    inbox,
    `${ready}&fileType=image`,
    (media) => has("preview")(media) && media.detectedMimeType === "image/jpeg",
  );
  expect(photo, "needs a JPEG of which a preview was made").toBeTruthy();
  if (!photo) return;
  // In a window that is larger than the preview, the photo itself is taken at once.
  await inbox.setViewportSize({ width: 900, height: 700 });
  await inbox.goto(`/c/${photo.conversationId}?view=${photo.messageId}`);
  const picture = inbox.getByRole("dialog").locator("img").last();
  await expect(picture).toHaveAttribute("src", /variant=preview/);
  await expect.poll(() => picture.evaluate(isDecoded)).toBe(true);
  const before = await picture.boundingBox();
  await inbox.keyboard.press("+");
  await expect(picture).toHaveAttribute("src", photo.url);
  await inbox.keyboard.press("0");
  await expect.poll(() => picture.boundingBox()).toEqual(before);
});

test("a voice note shows its waveform, and is seeked in it by a click and by keys", async ({ inbox }) => {
  const note = await findMedia(inbox, `${ready}&fileType=audio`, has("peaks"));
  expect(note, "needs a recording of which peaks were made").toBeTruthy();
  if (!note) return;
  await openMessage(inbox, note);
  const player = thread(inbox).locator(`[data-media="${note.messageId}"]`);
  await expect(player.locator("[data-waveform]")).toBeVisible();
  const slider = player.getByRole("slider");
  const seconds = () => slider.inputValue().then(Number);
  await slider.click();
  await expect.poll(seconds).toBeGreaterThan(1);
  await player.getByRole("button", { name: "Pause" }).click();
  // As the element has measured it.
  const end = Number(await slider.getAttribute("max"));
  await slider.press("Home");
  await expect.poll(seconds).toBeLessThan(0.1);
  await slider.press("PageUp");
  await expect.poll(seconds).toBeGreaterThan(end * 0.08);
  await slider.press("End");
  await expect.poll(seconds).toBeGreaterThan(end - 0.2);
  await expect(slider).toBeFocused();
  await checkAccess(inbox, "a thread with a waveform");
});

test("a video shows its poster and how long it lasts before it is played", async ({ inbox }) => {
  const isRead = (media: MediaFile) => media.durationMs !== null && has("poster")(media);
  const video = await findMedia(inbox, `${ready}&fileType=video`, isRead);
  expect(video, "needs a video with a poster, which takes ffmpeg").toBeTruthy();
  if (!video) return;
  await openMessage(inbox, video);
  const player = thread(inbox)
    .locator("section", { has: inbox.locator("video") })
    .last();
  const poster = player.locator("img").last();
  await expect.poll(() => poster.evaluate(isDecoded)).toBe(true);
  await expect(poster).toHaveAttribute("src", /variant=(thumb|poster)/);
  const seconds = Math.floor((video.durationMs ?? 0) / 1000);
  await expect(player).toContainText(`0:${String(seconds).padStart(2, "0")}`);
  await player.getByRole("button", { name: "Play" }).click();
  const element = player.locator("video");
  await expect.poll(() => element.evaluate((v: HTMLVideoElement) => v.currentTime)).toBeGreaterThan(0);
});

test("a PDF shows its first page", async ({ inbox }) => {
  const pdf = await findMedia(
    inbox,
    `${ready}&fileType=document`,
    (media) => has("preview")(media) && hasPlainName(media),
  );
  expect(pdf, "needs a PDF of which a preview was made").toBeTruthy();
  if (!pdf) return;
  await openMessage(inbox, pdf);
  const link = thread(inbox).getByRole("link", { name: `Open ${pdf.fileName}` });
  await expect.poll(() => link.locator("img").last().evaluate(isDecoded)).toBe(true);
});

function isDecoded(element: Element): boolean {
  return element instanceof HTMLImageElement && element.complete && element.naturalWidth > 0;
}
