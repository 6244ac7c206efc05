import type { Page } from "@playwright/test";
import type { Conversation } from "../src/api/types.ts";
import { arrive, checkAccess, conversations, expect, list, rows, test, thread } from "./support.ts";

const dialog = (page: Page) => page.getByRole("dialog", { name: "Search everything" });
const field = (page: Page) => dialog(page).getByRole("combobox");
const hits = (page: Page) => dialog(page).getByRole("option");
const focused = (page: Page) => page.evaluate(() => document.activeElement?.tagName);

/** A word that nobody else has written, in a message of a conversation. */
async function written(page: Page): Promise<{ word: string; conversation: Conversation }> {
  const [conversation] = await conversations(page);
  if (!conversation) throw new Error("needs a conversation");
  const word = `lantern${Math.random()
    .toString(36)
    .replace(/[^a-z]/g, "")
    .slice(0, 6)}`;
  await arrive(page, conversation, {
    type: "text",
    text: `Is the ${word} still in stock? We would like two.`,
  });
  const url = `/api/search?q=${word}`;
  await expect.poll(async () => (await (await page.request.get(url)).json()).items.length).toBe(1);
  return { word, conversation };
}

test("a message is found by its words, and opened in its thread by keyboard alone", async ({ inbox }) => {
  const { word, conversation } = await written(inbox);
  await inbox.goto("/");
  await expect(rows(inbox).first()).toBeVisible();
  await inbox.keyboard.press("Control+Shift+f");
  await expect(field(inbox)).toBeFocused();
  await inbox.keyboard.type(word);
  await expect(hits(inbox)).toHaveCount(1);
  await expect(hits(inbox).locator("mark")).toHaveText(word);
  await inbox.keyboard.press("Enter");
  await expect(inbox).toHaveURL(new RegExp(`/c/${conversation.id}\\?.*m=\\d+`));
  await expect(dialog(inbox)).toBeHidden();
  await expect(thread(inbox).getByText(word)).toBeInViewport();
  await expect.poll(() => focused(inbox)).not.toBe("BODY");

  await inbox.getByRole("button", { name: "Back to what was found" }).click();
  await expect(field(inbox)).toHaveValue(word);
  await expect(hits(inbox)).toHaveCount(1);
});

test("the browser's Back leads to what was found", async ({ inbox }) => {
  const { word } = await written(inbox);
  await inbox.goto(`/?q=${word}`);
  await expect(hits(inbox)).toHaveCount(1);
  await hits(inbox).click();
  await expect(dialog(inbox)).toBeHidden();
  await inbox.goBack();
  await expect(hits(inbox)).toHaveCount(1);
  await inbox.keyboard.press("Escape");
  await expect(dialog(inbox)).toBeHidden();
});

test("Enter right after the words opens what they find", async ({ inbox }) => {
  const { word, conversation } = await written(inbox);
  await inbox.goto("/?q=");
  await expect(field(inbox)).toBeFocused();
  await inbox.keyboard.insertText(word);
  await inbox.keyboard.press("Enter");
  await expect(inbox).toHaveURL(new RegExp(`/c/${conversation.id}\\?.*m=\\d+`));
  await expect(dialog(inbox)).toBeHidden();
});

test("words that settle after the search was closed do not open it again", async ({ inbox }) => {
  await inbox.clock.install();
  await inbox.goto("/?q=");
  await expect(field(inbox)).toBeFocused();
  await inbox.keyboard.type("zz");
  await inbox.keyboard.press("Escape");
  await expect(dialog(inbox)).toBeHidden();
  await inbox.clock.fastForward(1_000);
  await inbox.keyboard.press("?");
  await expect(inbox.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await expect(dialog(inbox)).toBeHidden();
});

test("the arrows lead through people, messages and files", async ({ inbox }) => {
  const answer = await inbox.request.get("/api/media?limit=100&downloadStatus=completed&fileType=document");
  const { items } = (await answer.json()) as { items: { fileName: string | null }[] };
  const word = items.map(({ fileName }) => /^[a-z]{4,}/i.exec(fileName ?? "")?.[0]).find(Boolean) ?? "";
  await inbox.goto("/");
  await inbox.getByRole("button", { name: "Search everything (Ctrl Shift F)" }).click();
  await field(inbox).fill(word);
  await dialog(inbox).getByRole("button", { name: "Files" }).click();
  await expect(hits(inbox).first()).toContainText(new RegExp(word, "i"));
  await field(inbox).focus();
  await expect(hits(inbox).first()).toHaveAttribute("aria-selected", "true");
  if ((await hits(inbox).count()) > 1) {
    await inbox.keyboard.press("ArrowDown");
    await expect(hits(inbox).nth(1)).toHaveAttribute("aria-selected", "true");
    await expect(field(inbox)).toBeFocused();
  }
  const [person] = (await conversations(inbox)).filter(({ contact }) =>
    /^[A-Z][a-z]{3,}/.test(contact.name ?? ""),
  );
  const name = person?.contact.name ?? "";
  await field(inbox).fill(name);
  await dialog(inbox).getByRole("button", { name: "People" }).click();
  await expect(hits(inbox).first()).toContainText(name);
  await field(inbox).focus();
  await inbox.keyboard.press("Enter");
  await expect(inbox).toHaveURL(/\/c\/\d+/);
});

test("what is not there is said, and so is a failure", async ({ inbox }) => {
  await inbox.goto("/?q=zzqqzz");
  await expect(dialog(inbox).getByText("Nothing found for “zzqqzz”").last()).toBeVisible();
  await inbox.route("**/api/search*", (route) =>
    route.fulfill({
      status: 400,
      contentType: "application/problem+json",
      body: '{"status":400,"code":"error","title":"No"}',
    }),
  );
  await field(inbox).fill("otherwords");
  await expect(dialog(inbox).getByText("The search failed")).toBeVisible();
  await inbox.unroute("**/api/search*");
  await dialog(inbox).getByRole("button", { name: "Retry" }).click();
  await expect(dialog(inbox).getByText("Nothing found for “otherwords”").last()).toBeVisible();
});

test("from the names of the list the search goes on to everything", async ({ inbox }) => {
  const { word } = await written(inbox);
  await inbox.goto("/");
  await expect(rows(inbox).first()).toBeVisible();
  await inbox.keyboard.press("/");
  await inbox.keyboard.type(word);
  await list(inbox)
    .getByRole("link", { name: /^Search messages and files/ })
    .click();
  await expect(hits(inbox)).toHaveCount(1);
});

for (const scheme of ["light", "dark"] as const) {
  test(`the search has no accessibility violations: ${scheme}`, async ({ inbox }) => {
    await inbox.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await inbox.goto("/?q=");
    await expect(field(inbox)).toBeVisible();
    await checkAccess(inbox, "nothing searched");
    await field(inbox).fill("in");
    await expect(hits(inbox).first()).toBeVisible();
    await checkAccess(inbox, "hits");
  });
}
