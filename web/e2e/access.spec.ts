import { checkAccess, conversations, expect, findMedia, rows, test, thread } from "./support.ts";

const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

for (const scheme of ["light", "dark"] as const) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    test(`no accessibility violations: ${scheme}, ${size}`, async ({ inbox }) => {
      test.slow();
      await inbox.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await inbox.setViewportSize(viewport);
      await inbox.goto("/");
      await expect(rows(inbox).first()).toBeVisible();
      await checkAccess(inbox, "list");
      for (const { id } of (await conversations(inbox)).slice(0, 5)) {
        await inbox.goto(`/c/${id}`);
        await expect(thread(inbox).getByRole("article").last()).toBeVisible();
        await checkAccess(inbox, `conversation ${id}`);
      }
      const photo = await findMedia(inbox, "downloadStatus=completed&fileType=image");
      if (!photo) return;
      await inbox.goto(`/c/${photo.conversationId}?info=${photo.messageId}`);
      await expect(inbox.getByRole("link", { name: "Show in conversation" })).toBeVisible();
      await checkAccess(inbox, "details");
      await inbox.goto(`/c/${photo.conversationId}?view=${photo.messageId}`);
      await expect(inbox.getByRole("dialog")).toBeVisible();
      await checkAccess(inbox, "lightbox");
    });
  }
  test(`no accessibility violations on the log-in: ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await page.goto("/login");
    await page.getByRole("button", { name: "Log in" }).click();
    await expect(page.getByRole("alert")).toBeVisible();
    await checkAccess(page, "log-in");
  });
}
