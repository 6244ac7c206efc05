import { email, expect, list, logIn, password, test } from "./support.ts";

test("a wrong password is reported plainly, the right one leads to the page that was asked for", async ({
  page,
}) => {
  await page.goto("/c/1");
  await expect(page).toHaveURL(/\/login\?next=/);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByRole("alert")).toContainText("e-mail or the password is wrong");

  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page).toHaveURL(/\/c\/1$/);
  await expect(list(page)).toBeVisible();
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe("MAIN");
});

test("too many attempts say how long to wait", async ({ page }) => {
  await page.route("**/api/auth/login", (route) =>
    route.fulfill({
      status: 429,
      headers: { "Retry-After": "30", "Content-Type": "application/problem+json" },
      body: JSON.stringify({ title: "Too many", status: 429, code: "rate_limited", retryAfterSeconds: 30 }),
    }),
  );
  await page.goto("/login");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByRole("alert")).toContainText(/try again in \d+ seconds/);
  await expect(page.getByRole("button", { name: "Log in" })).toBeDisabled();
});

test("a server that is away is reported plainly", async ({ page }) => {
  await page.goto("/login");
  await page.route("**/api/auth/login", (route) => route.abort());
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByRole("alert")).toContainText("cannot be reached");
});

test("a session that ends leads to the log-in and back", async ({ page, baseURL }) => {
  await logIn(page.request, baseURL ?? "");
  await page.goto("/");
  await expect(list(page).getByRole("listitem").first()).toBeVisible();
  await page.context().clearCookies();
  await list(page).getByRole("listitem").nth(1).getByRole("link").click();
  await expect(page.getByText("Your session has ended")).toBeVisible();
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page).toHaveURL(/\/c\/\d+/);
});

test("logging out ends the session", async ({ inbox }) => {
  await inbox.goto("/");
  await inbox.getByRole("button", { name: "Log out" }).click();
  await expect(inbox).toHaveURL(/\/login/);
  expect((await inbox.request.get("/api/auth/me")).status()).toBe(401);
});

test("the inbox can be installed: its manifest and every icon that it names are there", async ({ page }) => {
  await page.goto("/login");
  const link = await page.locator('link[rel="manifest"]').getAttribute("href");
  const manifest = await page.request.get(link ?? "");
  expect(manifest.headers()["content-type"]).toContain("application/manifest+json");
  const { icons, start_url } = await manifest.json();
  expect(start_url).toBe("/");
  const paths = [...icons.map(({ src }: { src: string }) => src), "/icons/apple-touch-180.png"];
  expect(paths.length).toBeGreaterThan(3);
  for (const path of paths) {
    const icon = await page.request.get(path);
    expect(icon.headers()["content-type"], path).toMatch(/^image\/(png|svg\+xml)/);
  }
});
