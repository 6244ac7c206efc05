import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test as base, request as newRequest, type Page } from "@playwright/test";
import { startCrm } from "../packages/media/example/server.mjs";
import type { MediaFile } from "../src/api/types.ts";
import { checkAccess, expect, fileArrives, findMedia, isMock, logIn, ownNumber } from "./support.ts";

/** The web components in the page of a CRM on another origin: plain HTML, a backend with a key, no framework. */

const WEB = fileURLToPath(new URL("..", import.meta.url));
const BUILD_MS = 180_000;

type Crm = {
  url: string;
  /** A page that is logged in to Mediary, for what a test has to find or prepare there. */
  admin: Page;
  /** Opens the CRM with the customer whose file this is. */
  open: (file: Pick<MediaFile, "conversationId">, path?: string) => Promise<void>;
  /** What the browser asked of which origin. */
  origins: Set<string>;
};

/** A CRM with a key of its own; it fails where the key gets into the browser, or the page breaks. */
const test = base.extend<{ crm: Crm }>({
  crm: async ({ page, browser, baseURL }, use) => {
    const mediary = baseURL ?? "";
    const admin = await (await browser.newContext({ baseURL: mediary })).newPage();
    await logIn(admin.request, mediary);
    const name = `CRM ${Date.now()}`;
    const made = await admin.request.post("/api/api-keys", { data: { name, role: "agent" } });
    expect(made.ok(), "the e2e user may make keys").toBe(true);
    const { key } = (await made.json()) as { key: string };
    const { url, close } = await startCrm({ mediary, key });
    const problems: string[] = [];
    const origins = new Set<string>();
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol.startsWith("http")) origins.add(origin);
      if (request.headers().authorization) problems.push(`a key in the browser: ${request.url()}`);
    });
    const open: Crm["open"] = async ({ conversationId }, path = "/") => {
      await page.goto(`${url}${path}?conversation=${conversationId}`);
    };
    await use({ url, admin, open, origins });
    await close();
    await admin.context().close();
    expect(problems).toEqual([]);
  },
});

test.skip(isMock, "the mock knows neither keys nor links");

test.beforeAll(() => {
  test.setTimeout(BUILD_MS);
  execFileSync("npm", ["run", "--silent", "package"], { cwd: WEB, stdio: "pipe" });
});

async function find(admin: Page, accept: (media: MediaFile) => boolean): Promise<MediaFile> {
  const file = await findMedia(admin, "downloadStatus=completed", accept);
  if (!file) throw new Error("no such file in the demo");
  return file;
}

const findPhoto = (admin: Page) => find(admin, ({ fileType }) => fileType === "image");
const gallery = (page: Page) => page.getByRole("listbox", { name: "All files of this customer" });
const tiles = (page: Page) => gallery(page).getByRole("option");
const log = (page: Page) => page.getByRole("log");
const isLoaded = (image: HTMLImageElement) => image.complete && image.naturalWidth > 0;

test("the files of a customer show through the backend of the CRM, which keeps the key", async ({
  page,
  crm,
}) => {
  const photo = await findPhoto(crm.admin);
  await crm.open(photo);
  await expect(tiles(page).first()).toBeVisible();
  const pictures = page.locator('mediary-media img[src^="/mediary/api/media/"]');
  await expect.poll(() => pictures.first().evaluate(isLoaded)).toBe(true);
  await checkAccess(page, "the CRM");
  expect([...crm.origins]).toEqual([crm.url]);
});

test("neither do the styles of the page get in, nor do ours get out", async ({ page, crm }) => {
  await crm.open(await findPhoto(crm.admin));
  await expect(tiles(page).first()).toBeVisible();
  const own = page.getByRole("button", { name: "Call back" });
  await expect(own).toHaveCSS("text-transform", "uppercase");
  await expect(own).toHaveCSS("padding", "20px");
  const sheets = () => document.styleSheets.length + document.adoptedStyleSheets.length;
  expect(await page.evaluate(sheets), "stylesheets of the page").toBe(1);
  const link = page.locator("mediary-media a").first();
  await expect(link).toHaveCSS("letter-spacing", "normal");
  await expect(link.locator("img").last()).toHaveCSS("border-top-width", "0px");
  // Tailwind's own properties have their first values in a shadow root, too, and ours their colours.
  const edge = (element: Element) => getComputedStyle(element, "::after").border;
  expect(await link.evaluate(edge)).toMatch(/^1px solid .*0\.1\)$/);
});

test("a voice note plays, and the page hears of it", async ({ page, crm }) => {
  const note = await find(crm.admin, ({ voice }) => voice);
  await crm.open(note);
  const element = page.locator(`mediary-voice-note[message-id="${note.messageId}"]`);
  await expect(element.locator("[data-waveform]")).toBeVisible();
  await element.getByRole("button", { name: "Play" }).click();
  await expect(log(page)).toHaveText(`play ${note.id}`);
  await element.getByRole("button", { name: "Pause" }).click();
  await expect(log(page)).toHaveText(`pause ${note.id}`);
});

test("a file opens large from the gallery by keyboard, and the focus comes back", async ({ page, crm }) => {
  const photo = await findPhoto(crm.admin);
  await crm.open(photo);
  const tile = tiles(page).first();
  await tile.focus();
  await page.keyboard.press("Enter");
  const large = page.getByRole("dialog", { name: "Files, large" });
  await expect(large).toBeVisible();
  await large.getByRole("button", { name: "Show in conversation" }).click();
  await expect(log(page)).toHaveText(/^jump \d+$/);
  await page.keyboard.press("Escape");
  await expect(large).toBeHidden();
  await expect(tile).toBeFocused();
});

test("a page that opens files in its own way says so", async ({ page, crm }) => {
  await crm.open(await findPhoto(crm.admin));
  await expect(tiles(page).first()).toBeVisible();
  await page.evaluate(() => addEventListener("mediary-open", (event) => event.preventDefault()));
  await page.locator("mediary-media a").first().click();
  await tiles(page).first().click();
  await expect(log(page)).toHaveText(/^open \d+$/);
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("a file that is kept nowhere is covered in the words of the page, and fetched on a tap", async ({
  page,
  crm,
}) => {
  const number = await ownNumber(crm.admin, "stream");
  const file = await fileArrives(crm.admin, number, { type: "image", media: { sample: "mugs" } });
  await crm.open(file);
  const element = page.locator(`mediary-media[message-id="${file.messageId}"]`);
  await element.getByRole("button", { name: /show it/i }).click();
  const picture = element.locator('img[src^="blob:"]');
  await expect.poll(() => picture.evaluate(isLoaded)).toBe(true);
});

test("what cannot be shown says why, to the person and to the page", async ({ page, crm }) => {
  await crm.open(await findPhoto(crm.admin));
  await expect(tiles(page).first()).toBeVisible();
  const heard = page.evaluate(
    () =>
      new Promise((done) =>
        addEventListener("mediary-error", (event) => done((event as CustomEvent).detail.error.status)),
      ),
  );
  await page.evaluate(() => document.querySelector("mediary-media")?.setAttribute("message-id", "999999999"));
  expect(await heard).toBe(404);
  await expect(page.locator("mediary-media").first().getByRole("alert")).toContainText("no longer exists");
});

test("by signed links a browser loads from Mediary itself, without a key or a cookie", async ({
  page,
  crm,
  baseURL,
}) => {
  const photo = await findPhoto(crm.admin);
  await crm.open(photo, "/links");
  const mediary = new URL(baseURL ?? "").origin;
  const picture = page.locator(`mediary-media img[src^="${mediary}/m/"]`).first();
  await expect.poll(() => picture.evaluate(isLoaded)).toBe(true);
  const answer = await (await newRequest.newContext()).get((await picture.getAttribute("src")) ?? "");
  expect(answer.headers()["content-type"]).toMatch(/^image\//);
  expect([...crm.origins].sort()).toEqual([crm.url, mediary].sort());
});
