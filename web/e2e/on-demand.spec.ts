import type { Page } from "@playwright/test";
import type { MediaFile } from "../src/api/types.ts";
import { covered, expectShown, files, isDecoded, kinds, open, record } from "./on-demand.ts";
import {
  arm,
  checkAccess,
  expect,
  fileArrives,
  isMock,
  openMessage,
  ownNumber,
  test,
  thread,
  upstream,
} from "./support.ts";

test.skip(isMock);

const RETRY = "Failed to load. Tap to retry.";

for (const kind of kinds) {
  test(`a ${kind} under stream comes with a tap, again with the next, and can be covered`, async ({
    inbox,
  }) => {
    const { media, message, downloads } = await open(inbox, "stream", files[kind]);
    await expect(covered(message)).toBeVisible();
    expect(await downloads()).toBe(0);

    await covered(message).click();
    await expectShown(message, kind);
    expect(await downloads()).toBe(1);

    const again = inbox.waitForRequest((request) => request.url().includes("/api/whatsapp/media/"));
    await message.getByRole("button", { name: "View again" }).click();
    const url = new URL((await again).url());
    expect(url.pathname).toBe(`/api/whatsapp/media/${media.providerMediaId}`);
    expect(url.searchParams.get("t")).toBeTruthy();
    await expectShown(message, kind);
    expect(await downloads()).toBe(2);

    await message.getByRole("button", { name: "Hide", exact: true }).click();
    await expect(covered(message)).toBeVisible();
    await expect(message.locator("video, audio, a")).toHaveCount(0);
    const { storedAt, downloadStatus } = await record(inbox, media);
    expect([storedAt, downloadStatus]).toEqual([null, "pending"]);
  });

  test(`a ${kind} that fails says why, and comes with another tap`, async ({ inbox }) => {
    const { media, message, id, downloads } = await open(inbox, "stream", files[kind]);
    const repair = await arm(inbox, { kind: "server_error", at: "download", mediaId: id });
    await covered(message).click();
    const retry = message.getByRole("button", { name: RETRY });
    await expect(retry).toBeVisible();
    await expect(message.getByRole("alert")).toHaveText((await refusal(inbox, media)).detail);
    await expect(message.getByText(/WhatsApp keeps it until/)).toBeVisible();
    // It asks neither by itself nor for ever.
    const asked = await downloads();
    await inbox.waitForTimeout(1_500);
    expect(await downloads()).toBe(asked);
    await repair();
    await retry.click();
    await expectShown(message, kind);
  });
}

test("a photo under on_view comes with a tap, and from storage ever after", async ({ inbox }) => {
  const { media, message, downloads } = await open(inbox, "on_view", files.photo);
  await covered(message).click();
  await expectShown(message, "photo");
  await expect.poll(async () => (await record(inbox, media)).downloadStatus).toBe("completed");
  await inbox.reload();
  await expectShown(message, "photo");
  expect(await downloads()).toBe(1);
});

test("a keyboard user is led from the tile to the file and back", async ({ inbox }) => {
  const { media, message } = await open(inbox, "stream", files.photo);
  await covered(message).focus();
  await inbox.keyboard.press("Enter");
  const photo = message.locator(`[data-media="${media.messageId}"]`);
  await expect(photo).toBeFocused();
  await inbox.keyboard.press("Tab");
  await expect(message.getByRole("button", { name: "View again" })).toBeFocused();
  await inbox.keyboard.press("Tab");
  await inbox.keyboard.press("Enter");
  await expect(covered(message)).toBeFocused();
});

test("a view is one download for tile, large picture and details, of which nothing stays", async ({
  inbox,
}) => {
  const { media, message, downloads } = await open(inbox, "stream", files.photo);
  await covered(message).click();
  await expectShown(message, "photo");
  const source = await message.locator("img").last().getAttribute("src");
  expect(source).toMatch(/^blob:/);
  await message.locator(`[data-media="${media.messageId}"]`).click();
  const large = inbox.getByRole("dialog").locator("img").last();
  await expect.poll(() => large.evaluate(isDecoded)).toBe(true);
  await inbox.keyboard.press("Escape");
  expect(await downloads()).toBe(1);
  await message.getByRole("button", { name: "Hide", exact: true }).click();
  await expect(covered(message)).toBeVisible();
  const loads = (url: string | null) =>
    new Promise<boolean>((resolve) => {
      const image = new Image();
      image.onload = () => resolve(true);
      image.onerror = () => resolve(false);
      image.src = url ?? "";
    });
  await expect.poll(() => inbox.evaluate(loads, source)).toBe(false);
});

test("a large file shows how much of it has come, and can be cancelled", async ({ inbox }) => {
  const media = { generate: { size: 4_000_000 }, mimeType: "application/pdf" };
  const { message, id } = await open(inbox, "stream", { type: "document", media, fileName: "Large.pdf" });
  const repair = await arm(inbox, { kind: "slow", mediaId: id, bytesPerSecond: 500_000 });
  await covered(message).click();
  await expect(message.getByText(/^[\d.]+ (kB|MB) of 4 MB$/)).toBeVisible();
  await expect
    .poll(() => message.getByRole("progressbar").getAttribute("aria-valuenow").then(Number))
    .toBeGreaterThan(20);
  await message.getByRole("button", { name: "Hide", exact: true }).click();
  await expect(covered(message)).toBeVisible();
  const { bytesSent } = await settled(() => upstream(inbox, id));
  expect(bytesSent).toBeLessThan(4_000_000);
  await repair();
});

test("a file whose transfer breaks off is not shown in part", async ({ inbox }) => {
  const { message, id } = await open(inbox, "stream", files.photo);
  const repair = await arm(inbox, { kind: "cut", mediaId: id });
  await covered(message).click();
  await expect(message.getByRole("alert")).toHaveText("The connection broke before the whole file arrived.");
  await repair();
  await message.getByRole("button", { name: RETRY }).click();
  await expectShown(message, "photo");
});

test("a viewer who has to wait sees for how long, and nothing is requested until then", async ({ inbox }) => {
  const { media, message, id, downloads } = await open(inbox, "stream", files.photo);
  const fault = { kind: "too_many_requests", at: "download", mediaId: id, retryAfterSeconds: 4 };
  const repair = await arm(inbox, fault);
  await covered(message).click();
  await expect(message.getByText(/You can try again in \d+ seconds?\./)).toBeVisible();
  await repair();
  const asked = await downloads();
  const retry = message.getByRole("button", { name: RETRY });
  await expect(retry).toBeDisabled();
  await retry.click({ force: true });
  expect(await downloads()).toBe(asked);
  await expect(retry).toBeEnabled({ timeout: 15_000 });
  // WhatsApp may have been asked to be left alone for longer than it said.
  await expect.poll(() => isServed(inbox, media), { timeout: 15_000 }).toBe(true);
  await retry.click();
  await expectShown(message, "photo");
});

test("a file that is gone for good shows its date and offers no retry", async ({ inbox }) => {
  const { media, message, id } = await open(inbox, "stream", files.photo);
  await arm(inbox, { kind: "expired", mediaId: id });
  await covered(message).click();
  const { status, detail } = await refusal(inbox, media);
  expect(status).toBe(410);
  // The server writes the date for programs, the inbox as a person does.
  const [before = "", after = ""] = detail.split(/20\d\d-\d\d-\d\d(?: \(UTC\))?/);
  await expect(message.getByRole("alert")).toContainText(before);
  await expect(message.getByRole("alert")).toContainText(after);
  await expect(message.getByText(/20\d\d-\d\d/)).toHaveCount(0);
  await expect(message.getByRole("button", { name: /retry|again/i })).toHaveCount(0);
  await expect(message.getByText(/\b20\d\d\b/)).toBeVisible();
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`no accessibility violations of files on demand: ${colorScheme}`, async ({ inbox }) => {
    test.slow();
    await inbox.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const number = await ownNumber(inbox, "stream");
    const arrived: MediaFile[] = [];
    for (const kind of kinds) arrived.push(await fileArrives(inbox, number, files[kind]));
    const [photo] = arrived;
    if (!photo) return;
    const tapAll = async () => {
      const tiles = covered(thread(inbox));
      while ((await tiles.count()) > 0) await tiles.first().click();
    };
    // Tall enough for every tile to be there.
    await inbox.setViewportSize({ width: 1440, height: 2400 });
    await openMessage(inbox, photo);
    await expect(covered(thread(inbox))).toHaveCount(kinds.length);
    await checkAccess(inbox, "covered");
    await tapAll();
    await expectShown(thread(inbox), "document");
    await expect(thread(inbox).getByRole("button", { name: "View again" })).toHaveCount(kinds.length);
    await checkAccess(inbox, "shown");
    const stalled = await arm(inbox, { kind: "slow", delayMs: 20_000, mediaId: photo.providerMediaId });
    await thread(inbox).getByRole("button", { name: "View again" }).first().click();
    await expect(thread(inbox).getByRole("group", { name: "Loading photo" })).toBeVisible();
    await checkAccess(inbox, "loading");
    await stalled();
    for (const { providerMediaId } of arrived) {
      await arm(inbox, { kind: "server_error", at: "download", mediaId: providerMediaId });
    }
    await inbox.reload();
    await expect(covered(thread(inbox))).toHaveCount(kinds.length);
    await tapAll();
    await expect(thread(inbox).getByRole("button", { name: RETRY })).toHaveCount(kinds.length);
    await checkAccess(inbox, "failed");
  });
}

/** What the server says of the same file to anybody. */
async function refusal(
  page: Page,
  { providerMediaId }: MediaFile,
): Promise<{ status: number; detail: string }> {
  const answer = await page.request.get(`/api/whatsapp/media/${providerMediaId}?t=e2e`);
  return (await answer.json()) as { status: number; detail: string };
}

async function isServed(page: Page, { providerMediaId }: MediaFile): Promise<boolean> {
  return (await page.request.get(`/api/whatsapp/media/${providerMediaId}?t=e2e`)).ok();
}

/** What a figure ends at, once it no longer changes. */
async function settled<T>(read: () => Promise<T>): Promise<T> {
  let last = await read();
  await expect
    .poll(
      async () => {
        const before = JSON.stringify(last);
        last = await read();
        return JSON.stringify(last) === before;
      },
      { intervals: [500] },
    )
    .toBe(true);
  return last;
}
