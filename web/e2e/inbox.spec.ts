import type { Message, Page as Portion } from "../src/api/types.ts";
import { arrive, conversations, expect, list, longThread, rows, test, thread } from "./support.ts";

test("lists conversations and opens one at its newest message", async ({ inbox }) => {
  await inbox.goto("/");
  await expect(rows(inbox).first()).toBeVisible();
  await rows(inbox).first().getByRole("link").click();
  await expect(inbox).toHaveURL(/\/c\/\d+$/);
  const last = thread(inbox).getByRole("article").last();
  await expect(last).toBeInViewport();
  await expect(inbox.getByRole("button", { name: /Jump to latest/ })).toBeHidden();
});

test("search narrows the list and says when nothing is found", async ({ inbox }) => {
  const [, second] = await conversations(inbox);
  await inbox.goto("/");
  await expect(rows(inbox).first()).toBeVisible();
  await inbox.keyboard.press("/");
  const field = inbox.getByRole("searchbox");
  await expect(field).toBeFocused();
  const name = second?.contact.name ?? "";
  await field.fill(name);
  await expect(rows(inbox)).toHaveCount(1);
  await expect(rows(inbox).first()).toContainText(name);
  await field.fill("no such person anywhere");
  await expect(inbox.getByText("Nothing found for")).toBeVisible();
  await field.press("Escape");
  await expect(rows(inbox).nth(1)).toBeVisible();
});

test("the keyboard alone moves, opens, goes back, and explains itself", async ({ inbox }) => {
  await inbox.goto("/");
  await expect(rows(inbox).first()).toBeVisible();
  await inbox.keyboard.press("j");
  await expect(rows(inbox).nth(0).getByRole("link")).toBeFocused();
  await inbox.keyboard.press("ArrowDown");
  await expect(rows(inbox).nth(1).getByRole("link")).toBeFocused();
  await inbox.keyboard.press("k");
  await inbox.keyboard.press("Enter");
  await expect(inbox).toHaveURL(/\/c\/\d+/);
  await inbox.keyboard.press("Escape");
  await expect(inbox).toHaveURL(/\/$/);
  await inbox.keyboard.press("?");
  await expect(inbox.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await inbox.keyboard.press("Escape");
  await expect(inbox.getByRole("dialog")).toBeHidden();
});

test("older messages load without moving what is read", async ({ inbox }) => {
  const id = await longThread(inbox);
  await inbox.goto(`/c/${id}`);
  await expect(thread(inbox).getByRole("article").last()).toBeInViewport();
  const drift = await thread(inbox).evaluate(async (region) => {
    const frame = () => new Promise(requestAnimationFrame);
    const articles = () => [...region.querySelectorAll("article")];
    let worst = 0;
    for (let step = 0; step < 60; step++) {
      region.scrollTop = Math.max(0, region.scrollTop - 350);
      await frame();
      await frame();
      const middle = region.getBoundingClientRect().top + region.clientHeight / 2;
      const anchor = articles().find((article) => article.getBoundingClientRect().bottom > middle);
      const before = anchor?.getBoundingClientRect().top ?? 0;
      for (let i = 0; i < 6; i++) {
        await frame();
        if (anchor?.isConnected)
          worst = Math.max(worst, Math.abs(anchor.getBoundingClientRect().top - before));
      }
    }
    return worst;
  });
  expect(drift).toBeLessThanOrEqual(1);
  await inbox.getByRole("button", { name: /Jump to latest/ }).click();
  await expect(inbox.getByRole("button", { name: /Jump to latest/ })).toBeHidden();
});

test("a link to an old message opens there, and the pill leads back to the newest", async ({ inbox }) => {
  const id = await longThread(inbox);
  const oldest = await oldestMessage(inbox, id);
  const start = inbox.getByText("The conversation starts here");
  await inbox.goto(`/c/${id}?m=${oldest.id}`);
  await expect(thread(inbox).getByText(oldest.text, { exact: false }).first()).toBeInViewport();
  await expect(start).toBeInViewport();
  const pill = inbox.getByRole("button", { name: /Jump to latest/ });
  await pill.click();
  await expect(start).toHaveCount(0);
  await expect(pill).toBeHidden();
  await expect(inbox).toHaveURL(new RegExp(`/c/${id}$`));
});

test("a link to one of the newest of a long thread stays there while older ones load", async ({ inbox }) => {
  const id = await longThread(inbox);
  const target = await unreadMessage(inbox, id);
  // Frames of a slow machine: the older page is there before the list has settled on the message.
  await inbox.addInitScript(() => {
    const frame = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = (run) => window.setTimeout(() => frame(run), 150);
  });
  const older = inbox.waitForResponse(/\/messages\?.*cursor=/);
  await inbox.goto(`/c/${id}?m=${target.id}`);
  await older;
  const message = thread(inbox).getByText(target.text ?? "");
  await expect(message).toBeInViewport();
  const wasAlwaysThere = await message.evaluate(async (element) => {
    const end = performance.now() + 1000;
    while (performance.now() < end) {
      await new Promise(requestAnimationFrame);
      const { top, bottom } = element.getBoundingClientRect();
      if (!element.isConnected || bottom < 0 || top > innerHeight) return false;
    }
    return true;
  });
  expect(wasAlwaysThere).toBe(true);
});

test("a thread that was left in its past opens at its newest message", async ({ inbox }) => {
  const id = await longThread(inbox);
  const oldest = await oldestMessage(inbox, id);
  await inbox.goto(`/c/${id}?m=${oldest.id}`);
  await expect(inbox.getByText("The conversation starts here")).toBeInViewport();
  await inbox.keyboard.press("Escape");
  await expect(inbox.getByText("Pick a conversation")).toBeVisible();
  await list(inbox).locator(`a[href="/c/${id}"]`).click();
  await expect(thread(inbox).getByRole("article").last()).toBeInViewport();
  await expect(inbox.getByText("The conversation starts here")).toHaveCount(0);
  await expect(inbox.getByRole("button", { name: /Jump to latest/ })).toBeHidden();
});

test("a quoted message is one click away", async ({ inbox }) => {
  await inbox.goto("/");
  for (const { id } of (await conversations(inbox)).slice(0, 12)) {
    await inbox.goto(`/c/${id}`);
    await expect(thread(inbox).getByRole("article").last()).toBeVisible();
    const quote = thread(inbox)
      .getByRole("button", { name: /^Jump to the quoted message/ })
      .last();
    if ((await quote.count()) === 0) continue;
    await quote.click();
    await expect(inbox).toHaveURL(/[?&]m=\d+/);
    const target = new URL(inbox.url()).searchParams.get("m");
    const answer = await inbox.request.get(`/api/messages/${target}`);
    const { text, caption } = (await answer.json()) as { text: string | null; caption: string | null };
    const words = caption ?? text;
    // It stands above its answer, which has its words as well.
    if (words) await expect(thread(inbox).getByText(words, { exact: false }).first()).toBeInViewport();
    return;
  }
  throw new Error("the server needs a reply");
});

test("on a phone one pane shows at a time", async ({ inbox }) => {
  await inbox.setViewportSize({ width: 390, height: 844 });
  await inbox.goto("/");
  await rows(inbox).first().getByRole("link").click();
  await expect(list(inbox)).toBeHidden();
  await expect(thread(inbox)).toBeVisible();
  const details = inbox.getByRole("complementary", { name: "Details" });
  await expect(details).toBeHidden();
  await inbox.getByRole("button", { name: "Contact and media" }).click();
  await expect(details).toBeVisible();
  await inbox.getByRole("button", { name: "Close details" }).click();
  await expect(details).toBeHidden();
  await inbox.getByRole("link", { name: "Back" }).click();
  await expect(list(inbox)).toBeVisible();
  const overflow = await inbox.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
});

type Inbox = Parameters<typeof thread>[0];

/** The older one of two unread messages that came in just now. */
async function unreadMessage(page: Inbox, conversationId: number): Promise<Message> {
  const conversation = (await conversations(page)).find(({ id }) => id === conversationId);
  if (!conversation) throw new Error("the long thread is not among the first conversations");
  const texts = [`Unread ${Date.now()}`, "Unread as well"];
  for (const text of texts) await arrive(page, conversation, { type: "text", text });
  let newest: Message[] = [];
  await expect
    .poll(async () => {
      const answer = await page.request.get(`/api/conversations/${conversationId}/messages?limit=2`);
      newest = ((await answer.json()) as Portion<Message>).items;
      return newest.map(({ text }) => text).sort();
    })
    .toEqual(texts);
  const message = newest.find(({ text }) => text === texts[0]);
  if (!message) throw new Error("the message did not come in");
  return message;
}

async function oldestMessage(page: Inbox, conversationId: number): Promise<{ id: number; text: string }> {
  let cursor: string | null = "";
  let oldest = { id: 0, text: "" };
  while (cursor !== null) {
    const url = `/api/conversations/${conversationId}/messages?limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`;
    const answer = await page.request.get(url);
    const found = (await answer.json()) as {
      items: { id: number; text: string | null }[];
      nextCursor: string | null;
    };
    for (const { id, text } of found.items) if (text) oldest = { id, text: text.slice(0, 30) };
    cursor = found.nextCursor;
  }
  return oldest;
}
