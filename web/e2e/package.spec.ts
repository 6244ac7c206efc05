import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { startCrm } from "../packages/media/example/server.mjs";
import type { MediaFile } from "../src/api/types.ts";
import { expect, findMedia, isMock, test } from "./support.ts";

/** The web components in the page of a CRM on another origin: plain HTML, a backend with a key, no framework. */

type Crm = { url: string; conversationId: number };

const WEB = fileURLToPath(new URL("..", import.meta.url));
const MINUTES = 60_000;

test.skip(isMock, "the mock knows neither keys nor links");

test.beforeAll(() => {
  test.setTimeout(3 * MINUTES);
  execFileSync("npm", ["run", "--silent", "package"], { cwd: WEB, stdio: "pipe" });
});

let close = async () => {};
test.afterEach(async () => {
  await close();
  close = async () => {};
});

/** A CRM with a key of its own, and a conversation of which it shows the files. */
async function openCrm(page: Page, mediary: string, accept: (media: MediaFile) => boolean): Promise<Crm> {
  const made = await page.request.post("/api/api-keys", { data: { name: "CRM", role: "agent" } });
  expect(made.ok(), "the e2e user may make keys").toBe(true);
  const { key } = (await made.json()) as { key: string };
  const crm = await startCrm({ mediary, key });
  close = crm.close;
  const file = await findMedia(page, "downloadStatus=completed", accept);
  if (!file) throw new Error("no such file in the demo");
  // Of the session of the inbox nothing is left: only the key lets the CRM in.
  await page.context().clearCookies();
  return { url: crm.url, conversationId: file.conversationId };
}

const isVoice = ({ voice }: MediaFile) => voice;
const isPhoto = ({ fileType }: MediaFile) => fileType === "image";

/** What a page asks of which origin, and what went wrong in it. */
function watch(page: Page) {
  const origins = new Set<string>();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol.startsWith("http")) origins.add(origin);
    if (request.headers().authorization) problems.push(`a key in the browser: ${request.url()}`);
  });
  return { origins, problems };
}

/** Whether a picture has come. */
const isLoaded = (image: HTMLImageElement) => image.complete && image.naturalWidth > 0;

test("the files of a customer show in a CRM of plain HTML, through its backend", async ({ page, inbox, baseURL }) => {
  const crm = await openCrm(inbox, baseURL ?? "", isPhoto);
  const { origins, problems } = watch(page);
  await page.goto(`${crm.url}/?conversation=${crm.conversationId}`);
  const tiles = page.getByRole("listbox", { name: "All files of this customer" }).getByRole("option");
  await expect(tiles.first()).toBeVisible();
  const picture = tiles.locator("img").last();
  await expect.poll(() => picture.evaluate(isLoaded)).toBe(true);
  expect([...origins]).toEqual([crm.url]);
  expect(problems).toEqual([]);
});
