import type { Conversation } from "../src/api/types.ts";
import { arrive, conversations, expect, longThread, rows, test, thread } from "./support.ts";

test("a new message shows at once, in the open thread and at the top of the list", async ({ inbox }) => {
  const third = await conversationAt(inbox, 2);
  await openLive(inbox, `/c/${third.id}`);
  await expect(thread(inbox).getByRole("article").last()).toBeInViewport();
  const text = `Live ${Date.now()}`;
  await arrive(inbox, third, { type: "text", text });
  await expect(thread(inbox).getByText(text)).toBeInViewport();
  await expect(rows(inbox).first()).toContainText(text);
});

test("a message in another thread raises the unread count, and opening marks it read", async ({ inbox }) => {
  const quiet = (await conversations(inbox)).find((item) => item.unreadCount === 0);
  expect(quiet, "needs a conversation that was read").toBeTruthy();
  if (!quiet) return;
  await openLive(inbox, "/");
  await expect(rows(inbox).first()).toBeVisible();
  await arrive(inbox, quiet, { type: "text", text: "Are you there?" });
  await expect(rows(inbox).first()).toContainText("1 unread message");
  await rows(inbox).first().getByRole("link").click();
  await expect(inbox.getByText("New messages", { exact: true })).toBeVisible();
  await expect(rows(inbox).first()).not.toContainText("unread");
});

test("a reader further up stays in place and sees that there is news below", async ({ inbox }) => {
  const id = await longThread(inbox);
  const long =
    (await conversations(inbox)).find((item) => item.id === id) ?? (await conversationAt(inbox, 0));
  await openLive(inbox, `/c/${id}`);
  await expect(thread(inbox).getByRole("article").last()).toBeInViewport();
  await thread(inbox).evaluate((region) => region.scrollBy(0, -900));
  const pill = inbox.getByRole("button", { name: /Jump to latest/ });
  await expect(pill).toBeVisible();
  const before = await thread(inbox).evaluate((region) => region.scrollTop);
  await arrive(inbox, long, { type: "text", text: "One more thing" });
  await expect(pill).toHaveAccessibleName(/1 new message/);
  expect(await thread(inbox).evaluate((region) => region.scrollTop)).toBe(before);
  await pill.click();
  await expect(thread(inbox).getByText("One more thing").last()).toBeInViewport();
});

test("a lost connection is shown after a while, until it is back", async ({ inbox }) => {
  await inbox.clock.install();
  await openLive(inbox, "/");
  await expect(rows(inbox).first()).toBeVisible();
  await inbox.context().setOffline(true);
  await expect.poll(() => inbox.evaluate(() => navigator.onLine)).toBe(false);
  await expect(inbox.getByText("Connection lost")).toBeHidden();
  await inbox.clock.fastForward(6_000);
  await expect(inbox.getByText("Connection lost")).toBeVisible();
  await inbox.context().setOffline(false);
  await expect(inbox.getByText("Connection lost")).toBeHidden();
});

/** Opens a page and waits until its event stream is answered. */
async function openLive(page: Parameters<typeof thread>[0], path: string): Promise<void> {
  const events = page.waitForResponse((response) => response.url().endsWith("/api/events"));
  await page.goto(path);
  await events;
}

async function conversationAt(page: Parameters<typeof thread>[0], index: number): Promise<Conversation> {
  const found = (await conversations(page))[index];
  if (!found) throw new Error("the server has too few conversations");
  return found;
}
