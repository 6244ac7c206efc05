import { conversations, expect, rows, test, thread } from "./support.ts";

/** Where a POST of `{conversationId, text}` makes a customer write; the mock has it, other servers may name theirs. */
const arrive = process.env.MEDIARY_ARRIVE ?? "/__mock/arrive";

test.beforeEach(async ({ request }) => {
  const probe = await request.post(arrive, { data: { conversationId: 9, text: "Hello" } });
  test.skip(probe.headers()["content-type"] !== "application/json", "needs a way to make a message arrive");
});

test("a new message shows at once, in the open thread and at the top of the list", async ({ inbox }) => {
  const [, , third] = await conversations(inbox);
  const id = third?.id ?? 1;
  await openLive(inbox, `/c/${id}`);
  await expect(thread(inbox).getByRole("article").last()).toBeInViewport();
  const text = `Live ${Date.now()}`;
  await inbox.request.post(arrive, { data: { conversationId: id, text } });
  await expect(thread(inbox).getByText(text)).toBeInViewport();
  await expect(rows(inbox).first()).toContainText(text);
});

test("elsewhere it raises the unread count, and opening marks it read", async ({ inbox }) => {
  const quiet = (await conversations(inbox)).find((item) => item.unreadCount === 0);
  const id = quiet?.id ?? 1;
  await openLive(inbox, "/");
  await expect(rows(inbox).first()).toBeVisible();
  await inbox.request.post(arrive, { data: { conversationId: id, text: "Are you there?" } });
  await expect(rows(inbox).first()).toContainText("1 unread message");
  await rows(inbox).first().getByRole("link").click();
  await expect(inbox.getByText("New messages", { exact: true })).toBeVisible();
  await expect(rows(inbox).first()).not.toContainText("unread");
});

test("whoever reads further up is not moved, and is told", async ({ inbox }) => {
  await openLive(inbox, "/c/1");
  await expect(thread(inbox).getByRole("article").last()).toBeInViewport();
  await thread(inbox).evaluate((region) => region.scrollBy(0, -900));
  const pill = inbox.getByRole("button", { name: /Jump to latest/ });
  await expect(pill).toBeVisible();
  const before = await thread(inbox).evaluate((region) => region.scrollTop);
  await inbox.request.post(arrive, { data: { conversationId: 1, text: "One more thing" } });
  await expect(pill).toHaveAccessibleName(/1 new message/);
  expect(await thread(inbox).evaluate((region) => region.scrollTop)).toBe(before);
  await pill.click();
  await expect(thread(inbox).getByText("One more thing").last()).toBeInViewport();
});

test("a lost connection is said after a while, and gone once it is back", async ({ inbox }) => {
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
