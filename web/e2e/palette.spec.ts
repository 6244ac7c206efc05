import type { Page } from "@playwright/test";
import { checkAccess, conversations, expect, rows, test } from "./support.ts";

const palette = (page: Page) => page.getByRole("dialog", { name: "Go to, or do" });
const field = (page: Page) => palette(page).getByRole("combobox");

test("Ctrl-K leads to a page, to a conversation, and to a command, by the keyboard alone", async ({
  inbox,
}) => {
  await inbox.goto("/");
  await expect(rows(inbox).first()).toBeVisible();
  await inbox.keyboard.press("Control+k");
  await expect(field(inbox)).toBeFocused();
  await checkAccess(inbox, "palette");
  await inbox.keyboard.type("failed down");
  await expect(palette(inbox).getByRole("option").first()).toHaveAttribute("aria-selected", "true");
  await expect(palette(inbox).getByRole("option", { name: /Failed downloads/ })).toHaveCount(1);
  await inbox.keyboard.press("Enter");
  await expect(inbox).toHaveURL(/settings\/failures/);
  await expect(inbox.getByRole("main", { name: "Failed downloads" })).toBeFocused();

  const [first] = await conversations(inbox);
  await inbox.keyboard.press("Control+k");
  await inbox.keyboard.press("ArrowDown");
  await inbox.keyboard.press("ArrowUp");
  await inbox.keyboard.press("Enter");
  await expect(inbox).toHaveURL(new RegExp(`/c/${first?.id}$`));

  await inbox.keyboard.press("Control+k");
  await field(inbox).fill("search every");
  await inbox.keyboard.press("Enter");
  await expect(inbox.getByRole("dialog", { name: "Search everything" })).toBeVisible();
  await inbox.keyboard.press("Escape");
  await expect(inbox.getByRole("dialog")).toHaveCount(0);

  await inbox.keyboard.press("Control+k");
  await field(inbox).fill("keyboard");
  await inbox.keyboard.press("Enter");
  const sheet = inbox.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(sheet).toContainText("Ctrl");
  await inbox.keyboard.press("Escape");
  await expect.poll(() => inbox.evaluate(() => document.activeElement?.tagName)).not.toBe("BODY");
});

test("Ctrl-K again and Escape close it, and what is not there is said", async ({ inbox }) => {
  await inbox.goto("/");
  await expect(rows(inbox).first()).toBeVisible();
  await inbox.keyboard.press("Control+k");
  await field(inbox).fill("qqqqqq");
  await expect(palette(inbox).getByRole("status")).toContainText("Nothing found");
  await inbox.keyboard.press("Control+k");
  await expect(palette(inbox)).toHaveCount(0);
  await inbox.keyboard.press("Control+k");
  await inbox.keyboard.press("Escape");
  await expect(palette(inbox)).toHaveCount(0);
});

test("a new version is offered, can be put off, and is taken by a reload", async ({ inbox }) => {
  await inbox.clock.install();
  await inbox.goto("/");
  await expect(inbox.getByRole("navigation", { name: "Conversations" })).toBeVisible();
  const page = await (await inbox.request.get("/")).text();
  const body = page.replace(/assets\/index-[\w-]+\.js/, "assets/index-next.js");
  await inbox.route("/", (route) => route.fulfill({ contentType: "text/html", body }));
  await inbox.clock.fastForward("16:00");
  const offer = inbox.getByText("A new version of the inbox is there.");
  await expect(offer).toBeVisible();
  await inbox.getByRole("button", { name: "Later" }).click();
  await expect(offer).toHaveCount(0);
  await inbox.clock.fastForward("16:00");
  await expect(offer).toHaveCount(0);
});
