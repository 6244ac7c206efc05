import {
  conversations,
  expect,
  findMedia,
  list,
  longThread,
  openMessage,
  rows,
  test,
  thread,
} from "./support.ts";

test("a search is opened by Enter, and its hits are one key away", async ({ inbox }) => {
  const [, second] = await conversations(inbox);
  await inbox.goto("/");
  await expect(rows(inbox).first()).toBeVisible();
  await inbox.keyboard.press("/");
  await inbox.keyboard.type(second?.contact.name ?? "");
  await expect(rows(inbox)).toHaveCount(1);
  await inbox.keyboard.press("ArrowDown");
  await expect(rows(inbox).first().getByRole("link")).toBeFocused();
  await inbox.keyboard.press("/");
  await inbox.keyboard.press("Enter");
  await expect(inbox).toHaveURL(new RegExp(`/c/${second?.id}$`));
});

test("details that lie over the thread take the focus, and give it back", async ({ inbox }) => {
  await inbox.setViewportSize({ width: 900, height: 800 });
  const [first] = await conversations(inbox);
  await inbox.goto(`/c/${first?.id}`);
  await expect(thread(inbox).getByRole("article").last()).toBeVisible();
  const button = inbox.getByRole("button", { name: "Contact and media" });
  await button.focus();
  await inbox.keyboard.press("Enter");
  const details = inbox.getByRole("complementary", { name: "Details" });
  await expect(details).toBeFocused();
  for (let at = 0; at < 6; at++) {
    await inbox.keyboard.press("Tab");
    expect(await inbox.evaluate(() => document.activeElement?.closest("main") ?? null)).toBeNull();
  }
  await details.getByRole("button", { name: "Close details" }).focus();
  await inbox.keyboard.press("Enter");
  await expect(button).toBeFocused();
});

test("nothing that goes leaves the focus behind", async ({ inbox }) => {
  const id = await longThread(inbox);
  await inbox.goto(`/c/${id}`);
  await expect(thread(inbox).getByRole("article").last()).toBeInViewport();
  await thread(inbox).evaluate((region) => region.scrollBy(0, -1200));
  const pill = inbox.getByRole("button", { name: /Jump to latest/ });
  await pill.focus();
  await inbox.keyboard.press("Enter");
  await expect(pill).toBeHidden();
  await expect(thread(inbox)).toBeFocused();
  await inbox.keyboard.press("Escape");
  await expect(list(inbox).locator(`a[href="/c/${id}"]`)).toBeFocused();
});

test("the arrows walk from message to message", async ({ inbox }) => {
  await inbox.goto(`/c/${await longThread(inbox)}`);
  await expect(thread(inbox).getByRole("article").last()).toBeInViewport();
  await thread(inbox).focus();
  const place = () =>
    inbox.evaluate(() => {
      const { activeElement: focused } = document;
      return focused?.tagName === "ARTICLE" ? Number(focused.getAttribute("aria-posinset")) : null;
    });
  await inbox.keyboard.press("ArrowUp");
  const first = await place();
  if (first === null) throw new Error("no message has the focus");
  await inbox.keyboard.press("ArrowUp");
  expect(await place()).toBe(first - 1);
  await inbox.keyboard.press("ArrowDown");
  expect(await place()).toBe(first);
});

test("keys act on the message in hand", async ({ inbox }) => {
  const photo = await findMedia(
    inbox,
    "downloadStatus=completed&fileType=image",
    ({ policy, fileSize }) => policy === "store" && (fileSize ?? 0) > 1000,
  );
  if (!photo) throw new Error("needs a photo");
  await openMessage(inbox, photo);
  const tile = thread(inbox).locator(`[data-media="${photo.messageId}"]`);
  await expect(tile).toBeInViewport();
  const take = () => tile.evaluate((element) => element.closest<HTMLElement>("article")?.focus());
  await take();
  await inbox.keyboard.press("r");
  const cancel = inbox.getByRole("button", { name: "Cancel the reply" });
  await expect(cancel).toBeVisible();
  await cancel.click();
  await take();
  await inbox.keyboard.press("Enter");
  const large = inbox.getByRole("dialog", { name: "Photos and videos of this conversation" });
  await expect(large).toBeVisible();
  await inbox.keyboard.press("?");
  await expect(inbox.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await inbox.keyboard.press("Escape");
  await expect(large).toBeVisible();
});

test("Home leads to the very first message, End to the newest", async ({ inbox }) => {
  const id = await longThread(inbox);
  await inbox.goto(`/c/${id}`);
  await expect(thread(inbox).getByRole("article").last()).toBeInViewport();
  await thread(inbox).focus();
  await inbox.keyboard.press("Home");
  await expect(inbox.getByText("The conversation starts here")).toBeInViewport({ timeout: 20_000 });
  await inbox.keyboard.press("End");
  await expect(inbox.getByRole("button", { name: /Jump to latest/ })).toBeHidden();
});

test("a conversation or a photo that does not exist says so, and offers a way on", async ({ inbox }) => {
  await inbox.goto("/c/999999");
  await expect(inbox.getByText("This conversation does not exist")).toBeVisible();
  await expect(inbox.getByRole("button", { name: "Contact and media" })).toHaveCount(0);
  await expect(inbox.getByRole("complementary")).toHaveCount(0);
  const [first] = await conversations(inbox);
  await inbox.goto(`/c/${first?.id}?view=99999999`);
  const lightbox = inbox.getByRole("dialog", { name: "Photos and videos of this conversation" });
  await expect(lightbox.getByRole("alert")).toContainText("Failed to load media");
  await expect(lightbox.getByRole("button", { name: "Rotate" })).toBeDisabled();
  await inbox.keyboard.press("Escape");
  await expect(lightbox).toBeHidden();
});

test("Home and End lead through the list, and what is opened from it stays in sight", async ({ inbox }) => {
  await inbox.goto("/");
  await expect(rows(inbox).first()).toBeVisible();
  await inbox.keyboard.press("j");
  await inbox.keyboard.press("End");
  const focused = () => list(inbox).locator("a:focus");
  await expect(focused()).toBeInViewport({ ratio: 0.9 });
  await expect(rows(inbox).first().getByRole("link")).not.toBeFocused();
  await inbox.keyboard.press("Enter");
  await expect(inbox).toHaveURL(/\/c\/\d+/);
  await inbox.keyboard.press("Escape");
  await expect(focused()).toBeInViewport({ ratio: 0.9 });
  await inbox.keyboard.press("Home");
  await expect(rows(inbox).first().getByRole("link")).toBeFocused();
});

test("a search under way says so, and one that fails as well", async ({ inbox }) => {
  await inbox.goto("/");
  await expect(rows(inbox).first()).toBeVisible();
  let fail = () => {};
  const late = new Promise<void>((resolve) => {
    fail = resolve;
  });
  await inbox.route("**/api/conversations?*search=*", async (route) => {
    await late;
    await route.fulfill({ status: 400, json: { title: "No", status: 400, code: "validation_error" } });
  });
  await inbox.keyboard.press("/");
  await inbox.keyboard.type("somebody");
  await expect(inbox.getByText("Searching…")).toBeVisible();
  fail();
  await expect(inbox.getByText("Failed to load conversations")).toBeVisible();
});
