import type { Locator, Page } from "@playwright/test";
import type { Page as ApiPage, Conversation } from "../src/api/types.ts";
import { expect, list, rows } from "./support.ts";

/** What the specs of a whole day share. */

/** A sample, unless a whole day is asked for: `INBOX_DAY=200`. */
export const CUSTOMERS = Number(process.env.INBOX_DAY ?? 3);

/** The first conversations of the list, as many as there are. */
export async function customers(page: Page, count: number): Promise<Conversation[]> {
  const found: Conversation[] = [];
  let cursor: string | null = null;
  do {
    const from = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const answer = await page.request.get(`/api/conversations?limit=100${from}`);
    const { items, nextCursor } = (await answer.json()) as ApiPage<Conversation>;
    found.push(...items);
    cursor = nextCursor;
  } while (cursor !== null && found.length < count);
  return found.slice(0, count);
}

export const openList = async (page: Page): Promise<void> => {
  await page.goto("/");
  await expect(rows(page).first()).toBeVisible();
};

export const rowOf = (page: Page, { id }: Pick<Conversation, "id">): Locator =>
  list(page).locator(`a[href^="/c/${id}?"], a[href$="/c/${id}"]`);

/** As long as a page may take to hand the focus on: nobody presses the next key sooner. */
const FRAMES = 10;

/** What has the focus, two frames from now or a few later; null where nothing has it that somebody could see. */
export function focusOf(page: Page): Promise<string | null> {
  return page.evaluate(async (most) => {
    const seen = () => {
      const { activeElement: focused } = document;
      if (!(focused instanceof HTMLElement) || focused === document.body) return null;
      const { width, height } = focused.getBoundingClientRect();
      return focused.checkVisibility() && width > 0 && height > 0 ? focused.outerHTML.slice(0, 120) : null;
    };
    for (let frames = 0; frames < 2; frames++) await new Promise(requestAnimationFrame);
    for (let frames = 2; frames < most && seen() === null; frames++) await new Promise(requestAnimationFrame);
    return seen();
  }, FRAMES);
}

/** Presses a key, after which something has to have the focus. */
export async function press(page: Page, key: string): Promise<void> {
  const before = await focusOf(page);
  await page.keyboard.press(key);
  await expectFocus(page, `${key} at ${new URL(page.url()).pathname}, with the focus on ${before}`);
}

export async function expectFocus(page: Page, after: string): Promise<void> {
  expect(await focusOf(page), `something has the focus after ${after}`).not.toBeNull();
}

/** Tab by Tab to what is looked for. */
export async function tabTo(page: Page, target: Locator, most = 12): Promise<void> {
  for (let tabs = 0; tabs < most; tabs++) {
    await press(page, "Tab");
    if (await target.evaluate((element) => element === document.activeElement)) return;
  }
  throw new Error(`no way by Tab to ${target}`);
}

const CONTROLS = new Set([
  "button",
  "link",
  "textbox",
  "searchbox",
  "combobox",
  "checkbox",
  "switch",
  "slider",
  "option",
  "radio",
  "tab",
  "dialog",
  "image",
]);

type TreeNode = { ignored: boolean; role?: { value: string }; name?: { value: string } };

/** Controls in the browser's own accessibility tree that say nothing to who hears them. */
export async function unnamed(page: Page): Promise<string[]> {
  const browser = await page.context().newCDPSession(page);
  const { nodes } = (await browser.send("Accessibility.getFullAXTree")) as { nodes: TreeNode[] };
  await browser.detach();
  expect(nodes.length).toBeGreaterThan(10);
  return nodes
    .filter(({ ignored, role, name }) => !ignored && CONTROLS.has(role?.value ?? "") && !name?.value.trim())
    .map(({ role }) => role?.value ?? "");
}

/** One finger from a point to another, where it stops: what it lets go on the move would swallow the next tap. */
export async function swipe(page: Page, from: [number, number], to: [number, number]): Promise<void> {
  const finger = await page.context().newCDPSession(page);
  const at = (share: number) => [
    { x: from[0] + (to[0] - from[0]) * share, y: from[1] + (to[1] - from[1]) * share },
  ];
  await finger.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: at(0) });
  for (const share of [0.25, 0.5, 0.75, 1])
    await finger.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: at(share) });
  for (let frames = 0; frames < 8; frames++) {
    await page.evaluate(() => new Promise(requestAnimationFrame));
    await finger.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: at(1) });
  }
  await finger.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await finger.detach();
}

/** A finger rests on something until what it does is there. */
export async function longPress(page: Page, target: Locator, done: Locator): Promise<void> {
  const box = await target.boundingBox();
  if (!box) throw new Error("nothing to rest on");
  const finger = await page.context().newCDPSession(page);
  const touchPoints = [{ x: box.x + box.width / 2, y: box.y + box.height / 2 }];
  await finger.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints });
  await expect(done).toBeVisible();
  await finger.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await finger.detach();
}

/** A finger leads down the list until a row is there, which may take a frame. */
export async function scrollTo(page: Page, row: Locator): Promise<void> {
  const isThere = () =>
    row.waitFor({ state: "attached", timeout: 500 }).then(
      () => true,
      () => false,
    );
  while (!(await isThere())) await swipe(page, [200, 700], [200, 300]);
}
