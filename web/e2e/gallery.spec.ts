import type { Locator, Page } from "@playwright/test";
import {
  arrive,
  checkAccess,
  control,
  conversations,
  conversationWithPhotos,
  expect,
  fileArrives,
  findMedia,
  isMock,
  logIn,
  ownNumber,
  test,
  thread,
} from "./support.ts";

const ready = "downloadStatus=completed";
const files = (place: Page | Locator) => place.locator("[data-file]");
const modal = (page: Page) => page.getByRole("dialog", { name: /^Media with/ });
const focused = (page: Page) => page.evaluate(() => document.activeElement?.tagName);
const idOf = (file: Locator) => file.getAttribute("data-file");

async function openGallery(page: Page): Promise<number> {
  const id = await conversationWithPhotos(page);
  await page.goto(`/c/${id}?gallery=true`);
  await expect(files(modal(page)).first()).toBeVisible();
  return id;
}

test("all media of a conversation open from its details, and by a key", async ({ inbox }) => {
  const id = await conversationWithPhotos(inbox);
  await inbox.goto(`/c/${id}`);
  await expect(thread(inbox).getByRole("article").last()).toBeVisible();
  await inbox.getByRole("complementary").getByRole("link", { name: "All media" }).click();
  await expect(files(modal(inbox)).first()).toBeVisible();
  await inbox.keyboard.press("Escape");
  await expect(modal(inbox)).toBeHidden();
  await expect.poll(() => focused(inbox)).not.toBe("BODY");
  await inbox.keyboard.press("g");
  await expect(modal(inbox)).toBeVisible();
});

test("a file opens large, and the arrows lead on through the gallery", async ({ inbox }) => {
  await openGallery(inbox);
  const gallery = modal(inbox);
  await gallery.getByRole("button", { name: "Photos", exact: true }).click();
  await expect(gallery.getByRole("button", { name: "Photos", exact: true })).toHaveAttribute(
    "aria-pressed",
    "true",
  );
  await expect(gallery.getByRole("listbox")).toHaveAttribute("aria-busy", "false");
  await files(gallery).first().focus();
  await inbox.keyboard.press("Enter");
  const large = inbox.getByRole("dialog", { name: "Files, large" });
  await expect(large).toBeVisible();
  const second = await idOf(files(gallery).nth(1));
  await inbox.keyboard.press("ArrowRight");
  await expect(large.getByRole("button", { name: "Previous" })).toBeVisible();
  await inbox.keyboard.press("Escape");
  await expect(large).toBeHidden();
  await expect(gallery).toBeVisible();
  await expect.poll(() => focused(inbox)).not.toBe("BODY");
  await expect(gallery.locator(`[data-file="${second}"]`)).toHaveAttribute("tabindex", "0");
});

test("the arrow keys walk the grid, and space selects", async ({ inbox }) => {
  await openGallery(inbox);
  const gallery = modal(inbox);
  const [first, second] = [files(gallery).nth(0), files(gallery).nth(1)];
  await first.focus();
  await inbox.keyboard.press("ArrowRight");
  await expect(second).toBeFocused();
  await inbox.keyboard.press("Space");
  await expect(second).toHaveAttribute("aria-selected", "true");
  await expect(gallery.getByText("1 selected")).toBeVisible();
  await inbox.keyboard.press("Shift+ArrowLeft");
  await expect(gallery.getByText("2 selected")).toBeVisible();
  await inbox.keyboard.press("Escape");
  await expect(gallery.getByText("2 selected")).toBeHidden();
  await expect(gallery).toBeVisible();
  await expect.poll(() => focused(inbox)).not.toBe("BODY");
  await inbox.keyboard.press("Control+a");
  await expect(gallery.getByRole("region", { name: "Selected files" })).toBeVisible();
});

test("in a page that is read from right to left the left arrow leads on", async ({ inbox }) => {
  await openGallery(inbox);
  await inbox.evaluate(() => {
    document.documentElement.dir = "rtl";
  });
  const [first, second] = [files(modal(inbox)).nth(0), files(modal(inbox)).nth(1)];
  const [right, left] = [await first.boundingBox(), await second.boundingBox()];
  expect(right?.x).toBeGreaterThan(left?.x ?? 0);
  await first.focus();
  await inbox.keyboard.press("ArrowLeft");
  await expect(second).toBeFocused();
});

test("a click selects with Ctrl and from there to another with Shift", async ({ inbox }) => {
  await openGallery(inbox);
  const gallery = modal(inbox);
  await files(gallery)
    .nth(0)
    .click({ modifiers: ["Control"] });
  await files(gallery)
    .nth(2)
    .click({ modifiers: ["Shift"] });
  await expect(gallery.getByText("3 selected")).toBeVisible();
  // While something is selected a plain click selects, too.
  await files(gallery).nth(1).click();
  await expect(gallery.getByText("2 selected")).toBeVisible();
  await gallery.getByRole("button", { name: "Clear the selection" }).click();
  await expect.poll(() => focused(inbox)).not.toBe("BODY");
});

test("what is selected is saved as one zip", async ({ inbox }) => {
  await openGallery(inbox);
  const gallery = modal(inbox);
  await gallery.getByRole("button", { name: "Photos", exact: true }).click();
  await expect(gallery.getByRole("listbox")).toHaveAttribute("aria-busy", "false");
  await files(gallery)
    .nth(0)
    .click({ modifiers: ["Control"] });
  await files(gallery)
    .nth(1)
    .click({ modifiers: ["Control"] });
  const [download] = await Promise.all([
    inbox.waitForEvent("download"),
    gallery.getByRole("button", { name: "Download as zip" }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/\.zip$/);
  expect(await bytesOf(download)).toContain("manifest.json");
  await expect(gallery.getByText("The zip of 2 files is being downloaded.")).toBeVisible();
});

test("all of a conversation is saved as one zip", async ({ inbox }) => {
  const id = await openGallery(inbox);
  const [download] = await Promise.all([
    inbox.waitForEvent("download"),
    modal(inbox).getByRole("link", { name: "Download all as zip" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe(`conversation-${id}.zip`);
  expect(await bytesOf(download)).toContain("manifest.json");
});

async function bytesOf(download: { createReadStream(): Promise<NodeJS.ReadableStream> }): Promise<string> {
  let text = "";
  for await (const chunk of await download.createReadStream()) text += (chunk as Buffer).toString("latin1");
  return text;
}

test("the table shows who sent each file, and sorts by its columns", async ({ inbox }) => {
  await openGallery(inbox);
  const gallery = modal(inbox);
  await gallery.getByRole("button", { name: "As a table" }).click();
  const table = gallery.getByRole("grid");
  await expect(table.getByRole("columnheader", { name: "Date" })).toHaveAttribute("aria-sort", "descending");
  await table.getByRole("button", { name: "Size" }).click();
  await expect(table.getByRole("columnheader", { name: "Size" })).toHaveAttribute("aria-sort", "descending");
  await table.getByRole("button", { name: "Size" }).click();
  await expect(table.getByRole("columnheader", { name: "Size" })).toHaveAttribute("aria-sort", "ascending");
  await expect(table).toHaveAttribute("aria-busy", "false");
  const sender = files(table).first().getByRole("gridcell").nth(6);
  await expect(sender).not.toHaveText("");
  await gallery.getByRole("button", { name: "As a grid" }).click();
  await expect(gallery.getByRole("listbox")).toBeVisible();
  await expect(gallery.getByLabel("Sort by")).toHaveValue("size-asc");
});

test("a name shows what its file is", async ({ inbox }) => {
  await openGallery(inbox);
  const gallery = modal(inbox);
  await gallery.getByRole("button", { name: "As a table" }).click();
  await files(gallery).first().getByRole("gridcell").nth(2).locator("bdi").first().hover();
  const preview = inbox.getByRole("tooltip");
  await expect(preview).toBeVisible();
  await expect(preview).toContainText(/B|bytes/);
  await inbox.mouse.move(5, 5);
  await expect(preview).toBeHidden();
});

test("a message is looked up from the gallery, and the gallery is the same again", async ({ inbox }) => {
  await openGallery(inbox);
  const gallery = modal(inbox);
  await files(gallery)
    .nth(1)
    .click({ modifiers: ["Control"] });
  const id = await idOf(files(gallery).nth(1));
  await gallery.getByRole("button", { name: "Show in conversation" }).click();
  await expect(gallery).toBeHidden();
  await expect(inbox).toHaveURL(/[?&]m=\d+/);
  await inbox.getByRole("button", { name: "Back to the media" }).click();
  await expect(gallery.getByText("1 selected")).toBeVisible();
  await expect(gallery.locator(`[data-file="${id}"]`)).toHaveAttribute("aria-selected", "true");
  await expect.poll(() => focused(inbox)).not.toBe("BODY");
});

test("a message is looked up from all media, and they are the same again", async ({ inbox }) => {
  await inbox.goto("/media");
  await inbox.getByRole("button", { name: "As a table" }).click();
  const row = inbox.locator("tr[data-file]").nth(2);
  const id = await idOf(row);
  await row.focus();
  await row.getByRole("button", { name: "Show in conversation" }).press("Enter");
  await expect(inbox).toHaveURL(/\/c\/\d+\?.*m=\d+/);
  await expect.poll(() => focused(inbox)).not.toBe("BODY");
  await inbox.getByRole("button", { name: "Back to all media" }).press("Enter");
  await expect(inbox.locator(`[data-file="${id}"]`)).toBeFocused();
  await inbox.goBack();
  await expect(inbox).toHaveURL(/\/c\//);
});

test("words, and what has none", async ({ inbox }) => {
  await inbox.goto("/media");
  const named = await findMedia(inbox, `${ready}&fileType=document`, ({ fileName }) =>
    /^[a-z]{4,}/i.test(fileName ?? ""),
  );
  const word = /^[a-z]{4,}/i.exec(named?.fileName ?? "")?.[0] ?? "";
  await inbox.getByLabel("Search names and captions").fill(word);
  await expect(files(inbox).first()).toHaveAccessibleName(new RegExp(word, "i"));
  await inbox.getByLabel("Search names and captions").fill("zzqqzz");
  await expect(inbox.getByText("No media with these filters")).toBeVisible();
  await inbox.getByRole("main").getByRole("button", { name: "Clear filters" }).first().click();
  await expect(files(inbox).first()).toBeVisible();
  await expect(inbox.getByLabel("Search names and captions")).toHaveValue("");
});

test("a failure says so, and a retry repairs it", async ({ inbox }) => {
  const id = await conversationWithPhotos(inbox);
  await inbox.route("**/api/conversations/*/media?*limit=100*", (route) =>
    route.fulfill({
      status: 400,
      contentType: "application/problem+json",
      body: '{"status":400,"code":"error","title":"No"}',
    }),
  );
  await inbox.goto(`/c/${id}?gallery=true`);
  await expect(modal(inbox).getByText("Failed to load media")).toBeVisible();
  await inbox.unroute("**/api/conversations/*/media?*limit=100*");
  await modal(inbox).getByRole("button", { name: "Retry" }).click();
  await expect(files(modal(inbox)).first()).toBeVisible();
});

test("media are sent on, and deleted after a question", async ({ inbox }) => {
  await inbox.goto("/media");
  await inbox.getByRole("button", { name: "Photos", exact: true }).click();
  await expect(inbox.getByRole("listbox")).toHaveAttribute("aria-busy", "false");
  const photo = await findMedia(inbox, `${ready}&fileType=image`, ({ fileSize }) => (fileSize ?? 0) > 1000);
  const tile = inbox.locator(`[data-file="${photo?.id}"]`);
  await tile.click({ modifiers: ["Control"] });
  await inbox.getByRole("button", { name: "Forward" }).click();
  const dialog = inbox.getByRole("dialog", { name: "Forward to" });
  await dialog.getByRole("checkbox").first().check();
  await dialog.getByRole("button", { name: "Forward" }).click();
  await expect(inbox.getByText("Forwarded to 1 conversation")).toBeVisible();
  await expect.poll(() => focused(inbox)).not.toBe("BODY");

  await tile.click({ modifiers: ["Control"] });
  await inbox.getByRole("button", { name: "Delete" }).click();
  await inbox.getByRole("dialog", { name: "Delete 1 file?" }).getByRole("button", { name: "Delete" }).click();
  await expect(inbox.getByText("1 file deleted")).toBeVisible();
  await expect(tile).toHaveCount(0);
  await expect.poll(() => focused(inbox)).not.toBe("BODY");
});

test("what comes in meanwhile is offered, and moves nothing by itself", async ({ inbox }) => {
  await inbox.goto("/media");
  await expect(files(inbox).first()).toBeVisible();
  const before = await idOf(files(inbox).first());
  await photoArrives(inbox);
  const offer = inbox.getByRole("button", { name: /new files?: show$/ });
  await expect(offer).toBeVisible();
  expect(await idOf(files(inbox).first())).toBe(before);
  await offer.press("Enter");
  await expect(offer).toBeHidden();
  await expect.poll(() => idOf(files(inbox).first())).not.toBe(before);
  await expect(files(inbox).first()).toBeInViewport();
  await expect.poll(() => focused(inbox)).not.toBe("BODY");
});

async function photoArrives(page: Page): Promise<void> {
  const [conversation] = await conversations(page);
  if (isMock && conversation) await arrive(page, conversation, { type: "image" });
  else await fileArrives(page, await ownNumber(page, "store"), { type: "image", media: { sample: "mugs" } });
}

test("a conversation without media says so, with a picture", async ({ inbox }) => {
  const customer = { waId: "15550199002", name: "Quiet Reader" };
  await control(inbox, "messages", { type: "text", text: "Only words from me", customer });
  const quiet = async () =>
    (await conversations(inbox)).find(({ contact }) => contact.waId === customer.waId);
  await expect.poll(quiet).toBeTruthy();
  await inbox.goto(`/c/${(await quiet())?.id}?gallery=true`);
  await expect(modal(inbox).getByText("No media in this conversation")).toBeVisible();
  await expect(modal(inbox).getByRole("link", { name: "Download all as zip" })).toHaveCount(0);
  await checkAccess(inbox, "empty");
});

test("a finger that rests on a file selects it", async ({ browser, baseURL }) => {
  const context = await browser.newContext({
    ...(baseURL ? { baseURL } : {}),
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  });
  const page = await context.newPage();
  await logIn(page.request, baseURL ?? "");
  await page.goto("/media");
  const box = await files(page).nth(1).boundingBox();
  if (!box) throw new Error("no file");
  const touch = await context.newCDPSession(page);
  const point = { x: box.x + 30, y: box.y + 30 };
  await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [point] });
  await expect(page.getByText("1 selected")).toBeVisible();
  await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await expect(page.getByText("1 selected")).toBeVisible();
  await files(page).nth(0).tap();
  await expect(page.getByText("2 selected")).toBeVisible();
  await context.close();
});

test("fifty thousand files are one scroll, of which little is in the page", async ({ inbox }) => {
  test.skip(!isMock, "only the mock has so many");
  test.slow();
  const many = (await conversations(inbox)).find(({ contact }) => contact.name === "Beatriz Souza");
  await inbox.goto(`/c/${many?.id}?gallery=true`);
  const gallery = modal(inbox);
  await expect(files(gallery).first()).toBeVisible();
  const scroller = gallery.locator("div:has(> [role=listbox])");
  for (let at = 0; at < 25; at++) {
    await scroller.evaluate((box) => {
      box.scrollTop = box.scrollHeight;
    });
    await expect(gallery.getByRole("listbox")).toHaveAttribute("aria-busy", "false");
    expect(await files(gallery).count()).toBeLessThan(150);
  }
  const height = await scroller.evaluate((box) => box.scrollHeight);
  expect(height).toBeGreaterThan(20_000);

  const scrubber = gallery.getByRole("slider", { name: "Month" });
  await scrubber.focus();
  await inbox.keyboard.press("End");
  await expect(scrubber).toHaveAttribute("aria-valuetext", /2023/);
  await expect(gallery.getByRole("listbox")).toHaveAttribute("aria-busy", "false");
  // What is newer than the month is there as well, above it.
  await expect(scrubber).toBeFocused();
  const shown = await scrubber.getAttribute("aria-valuetext");
  await scroller.evaluate((box) => {
    box.scrollTop -= 3_000;
  });
  await expect(scrubber).not.toHaveAttribute("aria-valuetext", shown ?? "");

  const track = await scrubber.boundingBox();
  if (!track) throw new Error("no scrubber");
  const x = track.x + track.width / 2;
  await inbox.mouse.move(x, track.y + track.height - 4);
  await inbox.mouse.down();
  await inbox.mouse.move(x, track.y + track.height / 2, { steps: 4 });
  await inbox.mouse.up();
  await expect(scrubber).toHaveAttribute("aria-valuetext", /2025/);
  await expect(gallery.getByRole("listbox")).toHaveAttribute("aria-busy", "false");
  await expect(files(gallery).first()).toHaveAccessibleName(/2025/);
  // What is newer comes in above, and what is read stays where it is.
  const month = (await scrubber.getAttribute("aria-valuetext")) ?? "";
  await expect.poll(() => scroller.evaluate((box) => box.scrollTop)).toBeGreaterThan(500);
  await expect(scrubber).toHaveAttribute("aria-valuetext", month);
  const [name, year] = month.split(" ");
  const atTop = scroller.evaluate((box) => {
    const { left, top } = box.getBoundingClientRect();
    const under = document.elementsFromPoint(left + 60, top + 90);
    return under.find((element) => element.matches("[data-file]"))?.getAttribute("aria-label") ?? "";
  });
  expect(await atTop).toMatch(new RegExp(`${name} \\d+, ${year}`));
  expect(await files(gallery).count()).toBeLessThan(150);
});

for (const [size, viewport] of Object.entries({
  desktop: { width: 1440, height: 900 },
  phone: { width: 390, height: 844 },
})) {
  for (const scheme of ["light", "dark"] as const) {
    test(`the media have no accessibility violations: ${scheme}, ${size}`, async ({ inbox }) => {
      await inbox.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await inbox.setViewportSize(viewport);
      await inbox.goto("/media");
      await expect(files(inbox).first()).toBeVisible();
      await checkAccess(inbox, "grid");
      await inbox.getByRole("button", { name: "As a table" }).click();
      await inbox.locator("tr[data-file]").first().focus();
      await inbox.keyboard.press("Space");
      await checkAccess(inbox, "table with a selection");
      const id = await conversationWithPhotos(inbox);
      await inbox.goto(`/c/${id}?gallery=true`);
      await expect(files(modal(inbox)).first()).toBeVisible();
      await checkAccess(inbox, "of a conversation");
    });
  }
}
