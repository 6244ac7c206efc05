import AxeBuilder from "@axe-core/playwright";
import { conversations, expect, findMedia, rows, test, thread } from "./support.ts";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
type Inbox = Parameters<typeof thread>[0];

for (const scheme of ["light", "dark"] as const) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    test(`no accessibility violations: ${scheme}, ${size}`, async ({ inbox }) => {
      test.slow();
      await inbox.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await inbox.setViewportSize(viewport);
      await inbox.goto("/");
      await expect(rows(inbox).first()).toBeVisible();
      await check(inbox, "list");
      for (const { id } of (await conversations(inbox)).slice(0, 5)) {
        await inbox.goto(`/c/${id}`);
        await expect(thread(inbox).getByRole("article").last()).toBeVisible();
        await check(inbox, `conversation ${id}`);
      }
      const photo = await findMedia(inbox, "downloadStatus=completed&fileType=image");
      if (!photo) return;
      await inbox.goto(`/c/${photo.conversationId}?info=${photo.messageId}`);
      await expect(inbox.getByRole("link", { name: "Show in conversation" })).toBeVisible();
      await check(inbox, "details");
      await inbox.goto(`/c/${photo.conversationId}?view=${photo.messageId}`);
      await expect(inbox.getByRole("dialog")).toBeVisible();
      await check(inbox, "lightbox");
    });
  }
  test(`no accessibility violations on the log-in: ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await page.goto("/login");
    await page.getByRole("button", { name: "Log in" }).click();
    await expect(page.getByRole("alert")).toBeVisible();
    await check(page, "log-in");
  });
}

async function check(page: Inbox, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
  const found = violations.map(
    ({ id, nodes }) => `${where}: ${id}: ${nodes.map((node) => node.html).join("\n")}`,
  );
  expect(found).toEqual([]);
}
