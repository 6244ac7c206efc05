import { gzipSync } from "node:zlib";
import type { Page } from "@playwright/test";
import type { MediaFile } from "../src/api/types.ts";
import { catalogueOf, englishOn, LANGUAGES, type Language } from "./catalogue.ts";
import {
  checkAccess,
  conversationWithPhotos,
  email,
  expect,
  findMedia,
  password,
  SETTINGS_PAGES,
  test,
} from "./support.ts";

const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
const REGIONS: Record<Language, string> = { en: "en-GB", es: "es-MX", pt: "pt-BR", ar: "ar-EG", hi: "hi-IN" };
/** Bytes of scripts and styles, packed. */
const FIRST_LOAD_MAX = 225_000;

/**
 * That what is on the page is in its language, that nothing lies beside the screen, over a neighbour, or cut off, and that it keeps to
 * WCAG. What is narrow differs in that only where it is mirrored.
 */
async function check(page: Page, language: Language, where: string) {
  await expect(page.locator(".animate-pulse")).toHaveCount(0);
  if (language !== "en") expect(await englishOn(page, language), `${where}: English`).toEqual([]);
  expect(await misplaced(page), `${where}: places`).toEqual([]);
  if (language === "ar" || page.viewportSize()?.width === SIZES.desktop.width) await checkAccess(page, where);
}

/** Controls that are cut off, reach beyond the window, or lie over another one in the same bar. */
function misplaced(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const problems: string[] = [];
    const wide = document.documentElement.scrollWidth;
    if (wide > innerWidth) problems.push(`the page is ${wide} wide, the window ${innerWidth}`);
    const top = document.querySelector("dialog[open]") ?? document.body;
    const nameOf = (element: Element) =>
      element.getAttribute("aria-label") ?? element.textContent?.trim().slice(0, 40) ?? "";
    const controls = [...top.querySelectorAll("button, a, input, select, textarea")].filter(
      (element) =>
        element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) &&
        !element.matches(".sr-only"),
    );
    for (const element of controls) {
      const { left, right, width } = element.getBoundingClientRect();
      const scrolls = element.closest("[class*=overflow-x]") !== null;
      if (!scrolls && width > 0 && (left < -1 || right > innerWidth + 1))
        problems.push(`${nameOf(element)} reaches from ${left} to ${right}`);
      if (element.matches("button, a") && element.scrollWidth > element.clientWidth + 1)
        problems.push(`${nameOf(element)} is cut off`);
    }
    for (const bar of top.querySelectorAll("header, form, li")) {
      const own = controls.filter((element) => element.closest("header, form, li") === bar);
      for (const [at, one] of own.entries()) {
        for (const other of own.slice(at + 1)) {
          if (one.contains(other) || other.contains(one)) continue;
          // A button in a field, and what covers a tile to make all of it one button, lie over it on purpose.
          if ([one, other].some((element) => getComputedStyle(element).position === "absolute")) continue;
          const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()];
          const over = Math.min(a.right, b.right) - Math.max(a.left, b.left);
          const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
          if (over > 1 && down > 1) problems.push(`${nameOf(one)} lies over ${nameOf(other)}`);
        }
      }
    }
    return problems;
  });
}

for (const language of LANGUAGES) {
  test.describe(language, () => {
    test.use({ locale: REGIONS[language] });

    test("the log-in is in the language of the browser", async ({ page }) => {
      const { texts } = await catalogueOf(language);
      for (const viewport of Object.values(SIZES)) {
        await page.setViewportSize(viewport);
        await page.goto("/login");
        await expect(page.getByRole("heading", { name: texts.login.title })).toBeVisible();
        await expect(page.locator("html")).toHaveAttribute("lang", language);
        await expect(page.locator("html")).toHaveAttribute("dir", language === "ar" ? "rtl" : "ltr");
        await page.getByRole("button", { name: texts.login.submit }).click();
        await expect(page.getByRole("alert")).toHaveText(texts.login.required);
        await check(page, language, "log-in");
      }
      await page.getByLabel(texts.login.email).fill(email);
      await page.getByLabel(texts.login.password, { exact: true }).fill(password);
      await page.getByRole("button", { name: texts.login.submit }).click();
      await expect(page.getByRole("navigation", { name: texts.shell.panes.list })).toBeVisible();
    });

    for (const [size, viewport] of Object.entries(SIZES)) {
      test(`list, thread, large view and gallery are in the language: ${size}`, async ({ inbox }) => {
        test.slow();
        const { texts } = await catalogueOf(language);
        await inbox.emulateMedia({ reducedMotion: "reduce" });
        await inbox.setViewportSize(viewport);
        await inbox.goto("/");
        const list = inbox.getByRole("navigation", { name: texts.shell.panes.list });
        await expect(list.getByRole("listitem").first()).toBeVisible();
        await check(inbox, language, "list");
        const photo = await findMedia(inbox, "downloadStatus=completed&fileType=image");
        if (!photo) throw new Error("there is no photo");
        await inbox.goto(`/c/${photo.conversationId}?m=${photo.messageId}`);
        await expect(inbox.getByRole("article").first()).toBeVisible();
        await check(inbox, language, "thread");
        await inbox.goto(`/c/${photo.conversationId}?view=${photo.messageId}`);
        const large = inbox.getByRole("dialog");
        await expect(large.getByRole("button", { name: texts.action.close })).toBeVisible();
        await check(inbox, language, "large view");
        await inbox.goto(`/c/${photo.conversationId}?gallery=true`);
        await expect(
          inbox.getByRole("dialog").getByRole("heading", { name: texts.gallery.title }),
        ).toBeVisible();
        await check(inbox, language, "gallery");
        await inbox.goto(`/c/${photo.conversationId}?info=${photo.messageId}`);
        await expect(inbox.getByText(texts.details.received, { exact: true })).toBeVisible();
        await check(inbox, language, "details");
      });

      test(`the settings are in the language: ${size}`, async ({ inbox }) => {
        test.slow();
        await inbox.emulateMedia({ reducedMotion: "reduce" });
        await inbox.setViewportSize(viewport);
        for (const path of Object.keys(SETTINGS_PAGES)) {
          await inbox.goto(`/settings/${path}`);
          await expect(inbox.locator("main#settings")).toBeVisible();
          await check(inbox, language, path);
        }
      });
    }
  });
}

test("the language is chosen on the log-in page, and stays", async ({ page }) => {
  await page.goto("/login?next=%2Fmedia");
  await page.getByRole("combobox", { name: "Language" }).selectOption("العربية");
  await expect(page.locator("html")).toHaveAttribute("dir", "rtl");
  await expect(page).toHaveURL(/next=/);
  await page.reload();
  const { texts } = await catalogueOf("ar");
  await expect(page.getByRole("button", { name: texts.login.submit })).toBeVisible();
});

test("only the sentences of one language are loaded, and nothing is shown in another before", async ({
  page,
}) => {
  const { texts } = await catalogueOf("en");
  await page.addInitScript(() => localStorage.setItem("mediary.language", "hi"));
  const seen: string[] = [];
  page.on("request", (request) => seen.push(new URL(request.url()).pathname));
  await page.exposeFunction("say", (words: string) => seen.push(words));
  await page.addInitScript(() => {
    new MutationObserver(() => {
      const { say } = window as unknown as { say: (words: string) => void };
      say(document.querySelector("h1")?.textContent ?? "");
    }).observe(document, { childList: true, subtree: true });
  });
  await page.goto("/login");
  await expect(page.getByRole("heading")).toHaveText((await catalogueOf("hi")).texts.login.title);
  expect(seen).not.toContain(texts.login.title);
  expect(
    seen.filter((path) => /\/(en|es|pt|ar)[-/].*\.(js|ts)$/.test(path) && !path.includes("settings")),
  ).toEqual([]);
});

test("what loads first is small in every language", async ({ context }) => {
  for (const language of LANGUAGES) {
    // A page of its own: what another one still asks for must not count.
    const page = await context.newPage();
    await page.addInitScript((chosen) => localStorage.setItem("mediary.language", chosen), language);
    const urls = new Set<string>();
    page.on("request", (request) => {
      if (/\.(js|css)$/.test(new URL(request.url()).pathname)) urls.add(request.url());
    });
    await page.goto("/login", { waitUntil: "networkidle" });
    await expect(page.locator("html")).toHaveAttribute("lang", language);
    const bodies = await Promise.all([...urls].map(async (url) => (await page.request.get(url)).body()));
    const size = bodies.reduce((sum, body) => sum + gzipSync(body, { level: 9 }).length, 0);
    expect(urls.size).toBeGreaterThan(3);
    expect(size, `${language}: packed bytes of ${[...urls].join(", ")}`).toBeLessThan(FIRST_LOAD_MAX);
    await page.close();
  }
});

test.describe("from right to left", () => {
  test.use({ locale: "ar-EG" });

  test("the list stands at the right, and the large view goes on to the left", async ({ inbox }) => {
    const { texts } = await catalogueOf("ar");
    await inbox.goto("/");
    const list = inbox.getByRole("navigation", { name: texts.shell.panes.list });
    const row = list.getByRole("listitem").first();
    await expect(row).toBeVisible();
    expect((await list.boundingBox())?.x).toBeGreaterThan(SIZES.desktop.width / 2);

    const answer = await inbox.request.get(
      `/api/conversations/${await conversationWithPhotos(inbox)}/media?downloadStatus=completed&fileType=image`,
    );
    const [photo] = ((await answer.json()) as { items: MediaFile[] }).items;
    await inbox.goto(`/c/${photo?.conversationId}?view=${photo?.messageId}`);
    const large = inbox.getByRole("dialog");
    const older = large.getByRole("button", { name: texts.lightbox.inThread.before });
    const newer = large.getByRole("button", { name: texts.lightbox.inThread.after });
    await expect(older.or(newer).first()).toBeVisible();
    const start = inbox.url();
    const [there, back] = (await older.isVisible())
      ? ["ArrowRight", "ArrowLeft"]
      : ["ArrowLeft", "ArrowRight"];
    await inbox.keyboard.press(there);
    await expect.poll(() => inbox.url()).not.toBe(start);
    // At the second of them there is a way back, on the side from which it was come to.
    const wayBack = there === "ArrowRight" ? newer : older;
    const box = await wayBack.boundingBox();
    if (there === "ArrowRight") expect(box?.x).toBeLessThan(SIZES.desktop.width / 2);
    else expect(box?.x).toBeGreaterThan(SIZES.desktop.width / 2);
    await inbox.keyboard.press(back);
    await expect.poll(() => inbox.url()).toBe(start);
  });
});
