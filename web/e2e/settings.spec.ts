import type { Page } from "@playwright/test";
import { checkAccess, control, expect, isMock, logIn, SETTINGS_PAGES, test } from "./support.ts";

const SIZES = { desktop: { width: 1280, height: 860 }, phone: { width: 390, height: 844 } };

const content = (page: Page, name: string) => page.getByRole("main", { name });
const focused = (page: Page) => page.evaluate(() => document.activeElement?.tagName);

async function open(page: Page, path: keyof typeof SETTINGS_PAGES) {
  await page.goto(`/settings/${path}`);
  const main = content(page, SETTINGS_PAGES[path]);
  await expect(main).toBeVisible();
  await expect(main.getByRole("status", { name: /^Loading/ })).toHaveCount(0);
  const { pathname } = new URL(page.url());
  const title = new RegExp(`^(\\(\\d+\\) )?${SETTINGS_PAGES[path]} · Mediary$`);
  if (pathname === `/settings/${path}`) await expect(page).toHaveTitle(title);
  return main;
}

for (const scheme of ["light", "dark"] as const) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    test(`settings: no accessibility violations, nothing beside the screen: ${scheme}, ${size}`, async ({
      inbox,
    }) => {
      test.slow();
      await inbox.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await inbox.setViewportSize(viewport);
      for (const path of Object.keys(SETTINGS_PAGES) as (keyof typeof SETTINGS_PAGES)[]) {
        const main = await open(inbox, path);
        await checkAccess(inbox, path);
        for (const dir of ["ltr", "rtl"]) {
          await inbox.evaluate((value) => {
            document.documentElement.dir = value;
          }, dir);
          const [wide, room] = await main.evaluate((node) => [node.scrollWidth, node.clientWidth]);
          expect(wide, `${path}, ${dir}`).toBeLessThanOrEqual(room ?? 0);
        }
      }
    });
  }
}

test("the settings are reached from the inbox and left again, by the keyboard, on a phone", async ({
  inbox,
}) => {
  await inbox.setViewportSize(SIZES.phone);
  await inbox.goto("/");
  await inbox.getByRole("link", { name: "Settings" }).focus();
  await inbox.keyboard.press("Enter");
  const pages = inbox.getByRole("navigation", { name: "Pages of the settings" });
  await expect(pages).toBeVisible();
  await pages.getByRole("link", { name: "API keys" }).focus();
  await inbox.keyboard.press("Enter");
  await expect(content(inbox, "API keys")).toBeFocused();
  await expect(pages).toBeHidden();
  await inbox.getByRole("link", { name: "Back to all settings" }).focus();
  await inbox.keyboard.press("Enter");
  await expect(pages).toBeVisible();
  await expect.poll(() => focused(inbox)).toBe("A");
  await pages.getByRole("link", { name: "Back to the inbox" }).focus();
  await inbox.keyboard.press("Enter");
  await expect(inbox.getByRole("navigation", { name: "Conversations" })).toBeVisible();
});

test("an API key is made, shown once, and revoked", async ({ inbox }) => {
  const main = await open(inbox, "keys");
  const name = `Key ${Date.now()}`;
  await main.getByRole("button", { name: "Make a key" }).click();
  const form = inbox.getByRole("dialog", { name: "Make a key" });
  await form.getByRole("button", { name: "Make a key" }).click();
  await expect(form.getByLabel("Name", { exact: true })).toBeFocused();
  await expect(form.getByLabel("Name", { exact: true })).toHaveAttribute("aria-invalid", "true");
  await form.getByLabel("Name", { exact: true }).fill(name);
  await inbox.keyboard.press("Enter");
  const shown = inbox.getByRole("dialog", { name: `The key of ${name}` });
  await expect(shown.getByRole("textbox", { name: `The key of ${name}` })).toHaveValue(/^mdy_[\w-]{20,}/);
  await shown.getByRole("button", { name: "I have copied it" }).click();
  await expect(shown).toHaveCount(0);
  await main.getByRole("button", { name: `Revoke ${name}` }).click();
  const question = inbox.getByRole("dialog", { name: `Revoke ${name}?` });
  await question.getByRole("button", { name: "Revoke" }).click();
  await expect(main.getByRole("button", { name: `Revoke ${name}` })).toHaveCount(0);
  await expect.poll(() => focused(inbox)).not.toBe("BODY");
});

test("a user is added, changed and deactivated", async ({ inbox }) => {
  const main = await open(inbox, "users");
  const name = `Person ${Date.now()}`;
  await main.getByRole("button", { name: "Add a user" }).click();
  const form = inbox.getByRole("dialog", { name: "Add a user" });
  await form.getByLabel("Name", { exact: true }).fill(name);
  await form.getByLabel("E-mail").fill(`${Date.now()}@example.com`);
  await form.getByRole("radio", { name: /^Viewer/ }).check();
  await form.getByLabel("Password", { exact: true }).fill("short");
  await form.getByRole("button", { name: "Add", exact: true }).click();
  await expect(form.getByLabel("Password", { exact: true })).toBeFocused();
  await form.getByLabel("Password", { exact: true }).fill("long enough for anybody");
  await form.getByRole("button", { name: "Add", exact: true }).click();
  const row = main.getByRole("listitem").filter({ hasText: name });
  await expect(row).toContainText("Viewer");
  await row.getByRole("button").click();
  const change = inbox.getByRole("dialog", { name: `Change ${name}` });
  await change.getByRole("radio", { name: /^Manager/ }).check();
  await change.getByRole("button", { name: "Save" }).click();
  await expect(row).toContainText("Manager");
  await row.getByRole("button").click();
  await change.getByRole("button", { name: "Deactivate" }).click();
  const question = inbox.getByRole("dialog", { name: `Deactivate ${name}?` });
  await question.getByRole("button", { name: "Deactivate" }).click();
  await expect(row).toContainText("Deactivated");
  await expect.poll(() => focused(inbox)).not.toBe("BODY");
});

test("an account that WhatsApp refuses is not added, and the field that is wrong says so", async ({
  inbox,
}) => {
  const main = await open(inbox, "accounts/new");
  await main.getByLabel("Name", { exact: true }).fill("Sales");
  await main.getByLabel("Phone number ID", { exact: true }).fill("not digits");
  await main.getByLabel("Access token", { exact: true }).fill("refused");
  await main.getByRole("button", { name: "Check and add" }).click();
  await expect(main.getByLabel("Phone number ID", { exact: true })).toBeFocused();
  await expect(main.getByLabel("Phone number ID", { exact: true })).toHaveAccessibleDescription(/digit/i);
  await main.getByLabel("Phone number ID", { exact: true }).fill(`9${Date.now()}`);
  await main.getByRole("button", { name: "Check and add" }).click();
  await expect(main.getByRole("alert")).toContainText("WhatsApp");
});

test("what another policy would mean is shown before it holds, and can be left", async ({ inbox }) => {
  const main = await open(inbox, "media");
  await main.getByRole("radio", { name: /^Stream/ }).check();
  const preview = main.getByRole("region", { name: "What this would change" });
  await expect(preview).toContainText(/stored/);
  await expect(main.getByRole("button", { name: "Change to “Stream”" })).toBeVisible();
  await main.getByRole("button", { name: "Leave it as it is" }).focus();
  await inbox.keyboard.press("Enter");
  await expect(preview).toHaveCount(0);
  await expect.poll(() => focused(inbox)).not.toBe("BODY");
});

test("a retention that deletes is asked for once more, and its days have to make sense", async ({
  inbox,
}) => {
  const main = await open(inbox, "media");
  await main.getByRole("radio", { name: /^A time after they came in/ }).check();
  await main.getByRole("textbox", { name: "Days" }).fill("0");
  await main.getByRole("button", { name: "Save" }).click();
  await expect(main.getByRole("textbox", { name: "Days" })).toHaveAttribute("aria-invalid", "true");
  await main.getByRole("textbox", { name: "Days" }).fill("400");
  await main.getByRole("button", { name: "Save" }).click();
  const question = inbox.getByRole("dialog", { name: "Change the retention?" });
  await expect(question).toContainText("400 days");
  await question.getByRole("button", { name: "Cancel" }).click();
  await expect(main.getByRole("button", { name: "Save" })).toBeFocused();
});

test("storage use is a picture with a table", async ({ inbox }) => {
  const main = await open(inbox, "storage");
  await expect(main.getByRole("img", { name: /^Storage use of/ })).toBeVisible();
  const table = main.getByRole("table", { name: "Storage use by month and type" });
  await expect(table.getByRole("row").nth(1).getByRole("cell").last()).toHaveText(/B$/);
  await main.getByRole("combobox", { name: "Show" }).selectOption({ label: "Number of files" });
  await expect(table.getByRole("row").nth(1).getByRole("cell").last()).toHaveText(/^[\d,]+$/);
});

test("the audit log is filtered, keeps its filters in the address, and is exported", async ({ inbox }) => {
  await open(inbox, "session");
  const main = await open(inbox, "audit");
  await main.getByRole("combobox", { name: "Action" }).selectOption({ label: "Logged in" });
  await expect(inbox).toHaveURL(/action=session\.created/);
  const rows = main.getByRole("table").getByRole("row");
  await expect(rows.nth(1)).toContainText("Logged in");
  await expect(main.getByRole("table").getByText("Company added")).toHaveCount(0);
  const [file] = await Promise.all([
    inbox.waitForEvent("download"),
    main.getByRole("button", { name: "Export as CSV" }).click(),
  ]);
  expect(file.suggestedFilename()).toBe("audit-log.csv");
  await main.getByLabel("From", { exact: true }).fill("2019-01-01");
  await main.getByLabel("To", { exact: true }).fill("2019-02-01");
  await expect(main.getByText("Nothing that fits these filters")).toBeVisible();
  await main.getByRole("button", { name: "Clear the filters" }).click();
  await expect(rows.nth(1)).toBeVisible();
});

test("failed downloads are retried one by one and together", async ({ inbox }) => {
  test.skip(!isMock, "needs failed downloads of its own");
  const main = await open(inbox, "failures");
  const rows = main.getByRole("listitem");
  const before = await rows.count();
  await rows
    .first()
    .getByRole("button", { name: /^Retry/ })
    .focus();
  await inbox.keyboard.press("Enter");
  await expect(rows).toHaveCount(before - 1);
  await expect.poll(() => focused(inbox)).not.toBe("BODY");
  await rows.first().getByRole("checkbox").check();
  await expect(main.getByText("1 selected", { exact: true })).toBeVisible();
  await main.getByRole("button", { name: "Retry 1 selected" }).click();
  await expect(rows).toHaveCount(before - 2);
});

test("parked events are tried again", async ({ inbox }) => {
  test.skip(!isMock, "needs parked events");
  const main = await open(inbox, "webhooks");
  const rows = main.getByRole("listitem");
  const before = await rows.count();
  await rows.first().getByRole("button").click();
  await expect(rows).toHaveCount(before - 1);
  await expect.poll(() => focused(inbox)).not.toBe("BODY");
});

test("what happens now is counted, and leads to what failed", async ({ inbox }) => {
  const main = await open(inbox, "now");
  await expect(main.getByText("Waiting downloads")).toBeVisible();
  await expect(main.getByText("Answers").first()).toBeVisible();
  // The demo has no failed download that a retry can help.
  if (!isMock) return;
  await main.getByRole("link", { name: "Show them" }).first().click();
  await expect(content(inbox, "Failed downloads")).toBeVisible();
});

test("an account is checked by asking WhatsApp, and each finding has its way on", async ({ inbox }) => {
  const list = await open(inbox, "accounts");
  await list.getByRole("listitem").first().getByRole("link").click();
  const checks = inbox.getByRole("region", { name: "Checks" });
  const token = checks.getByRole("listitem").filter({ hasText: "Access token" });
  await expect(token.getByRole("img", { name: "Works" })).toBeVisible();
  await expect(checks.getByText("Subscription")).toBeVisible();
  await expect(checks.getByText(/The last one came in/)).toBeVisible();
  await checks.getByRole("button", { name: "Check again" }).click();
  await expect(token.getByRole("img", { name: "Works" })).toBeVisible();
  await checkAccess(inbox, "account");
});

test("what a retention would do at once is told before it is saved", async ({ inbox }) => {
  const main = await open(inbox, "media");
  await main.getByRole("radio", { name: /^A time after they came in/ }).check();
  await main.getByRole("textbox", { name: "Days" }).fill("36000");
  const told = main.getByRole("region", { name: "What this would do at once" });
  await expect(told).toContainText("Nothing at once");
});

test("a sound for new messages is off until it is wanted, and stays wanted", async ({ inbox }) => {
  let main = await open(inbox, "session");
  await expect(main.getByRole("checkbox", { name: "Play a sound" })).not.toBeChecked();
  await main.getByRole("checkbox", { name: "Play a sound" }).check();
  main = await open(inbox, "session");
  await expect(main.getByRole("checkbox", { name: "Play a sound" })).toBeChecked();
  await main.getByRole("checkbox", { name: "Play a sound" }).uncheck();
});

test("own sessions are listed, and those elsewhere can be ended", async ({ inbox, baseURL, playwright }) => {
  const elsewhere = await playwright.request.newContext({ baseURL: baseURL ?? "" });
  await logIn(elsewhere, baseURL ?? "");
  const main = await open(inbox, "session");
  const sessions = main.getByRole("region", { name: "Where you are logged in" }).getByRole("listitem");
  await expect(sessions.filter({ hasText: "This one" })).toHaveCount(1);
  const others = sessions.filter({ hasNotText: "This one" });
  const before = await others.count();
  expect(before).toBeGreaterThan(0);
  await others
    .first()
    .getByRole("button", { name: /^End the session/ })
    .focus();
  await inbox.keyboard.press("Enter");
  // The last used stands first; a server that has seen many tests lists a hundred, however many there are.
  if (isMock) await expect(others).toHaveCount(before - 1);
  else await expect.poll(async () => (await elsewhere.get("/api/auth/me")).status()).toBe(401);
  await expect.poll(() => focused(inbox)).not.toBe("BODY");
  await elsewhere.dispose();
});

test("each role sees the pages that are for it, and is told what another one needs", async ({ inbox }) => {
  test.skip(!isMock, "needs a person whose role can be changed");
  const names = { viewer: 3, agent: 3, manager: 6, admin: 11 };
  try {
    for (const [role, pages] of Object.entries(names)) {
      await control(inbox, "role", { role });
      await inbox.goto("/settings/session");
      const nav = inbox.getByRole("navigation", { name: "Pages of the settings" });
      await expect(nav.getByRole("listitem")).toHaveCount(pages);
    }
    await control(inbox, "role", { role: "agent" });
    const asked: string[] = [];
    inbox.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await inbox.goto("/settings/accounts");
    await expect(inbox.getByText("This page is not for your role")).toBeVisible();
    await expect(inbox.getByText("It needs the role “Admin”")).toBeVisible();
    expect(asked).not.toContain("/api/whatsapp-accounts");
    await checkAccess(inbox, "not for this role");
    await control(inbox, "role", { role: "viewer" });
    const failures = await open(inbox, "failures");
    await expect(failures.getByText("Retrying needs the role of an agent.")).toBeVisible();
    await expect(failures.getByRole("button", { name: /^Retry/ })).toHaveCount(0);
    const media = await open(inbox, "media");
    await expect(media.getByRole("radio").first()).toBeDisabled();
  } finally {
    await control(inbox, "role", { role: "admin" });
  }
});

test("a page says when the server fails, and recovers by a retry", async ({ inbox }) => {
  let fails = true;
  await inbox.route("**/api/users?*", (route) =>
    fails
      ? route.fulfill({ status: 500, json: { status: 500, code: "internal", detail: "broken", title: "x" } })
      : route.continue(),
  );
  await inbox.goto("/settings/users");
  const main = content(inbox, "Users");
  await expect(main.getByRole("alert")).toContainText("This could not be loaded");
  fails = false;
  await main.getByRole("button", { name: "Retry" }).click();
  await expect(main.getByRole("listitem").first()).toBeVisible();
});

test("empty pages say so", async ({ inbox }) => {
  const empty = { json: { items: [], nextCursor: null, hasMore: false } };
  for (const path of ["whatsapp-accounts", "api-keys", "webhook-events", "audit", "media", "usage"])
    await inbox.route(new RegExp(`/api/${path}(\\?|$)`), (route) => route.fulfill(empty));
  const said = {
    failures: "No failed downloads",
    webhooks: "No parked events",
    accounts: "No WhatsApp account yet",
    storage: "Nothing is stored yet",
    keys: "No API keys yet",
    audit: "Nothing has been recorded yet",
  } as const;
  for (const [path, words] of Object.entries(said)) {
    const main = await open(inbox, path as keyof typeof said);
    await expect(main.getByText(words, { exact: true })).toBeVisible();
    await checkAccess(inbox, `${path}, empty`);
  }
});
