import {
  arrive,
  conversations,
  expect,
  fileArrives,
  isMock,
  openMessage,
  ownNumber,
  rows,
  test,
  thread,
} from "./support.ts";

const rectangles = (element: Element) => {
  const range = document.createRange();
  const [words, time] = [
    element.querySelector("p")?.firstChild,
    element.querySelector("p > span:last-of-type"),
  ];
  if (!words || !time) throw new Error("no text with a time");
  range.selectNodeContents(words);
  const box = ({ left, right, top, bottom }: DOMRect) => ({ left, right, top, bottom });
  return { words: [...range.getClientRects()].map(box), time: box(time.getBoundingClientRect()) };
};

for (const dir of ["ltr", "rtl"]) {
  test(`the time never lies on the words: ${dir} page`, async ({ inbox }) => {
    const first = (await conversations(inbox)).find(({ contact }) => /^\d+$/.test(contact.waId ?? ""));
    if (!first) throw new Error("needs a conversation with a person");
    const texts = [
      "fwd",
      "from ad",
      "مرحبا",
      "هل يمكنكم إرسال الفاتورة باللغة العربية أيضا من فضلكم؟",
      "12 34",
      "👍",
    ];
    for (const text of texts) await arrive(inbox, first, { type: "text", text });
    await inbox.goto(`/c/${first.id}`);
    await inbox.evaluate((value) => {
      document.documentElement.dir = value;
    }, dir);
    for (const text of texts) {
      const message = thread(inbox).getByRole("article").filter({ hasText: text }).last();
      await expect(message).toBeVisible();
      const { words, time } = await message.evaluate(rectangles);
      for (const line of words) {
        const apart =
          line.right <= time.left + 1 ||
          line.left >= time.right - 1 ||
          line.bottom <= time.top + 1 ||
          line.top >= time.bottom - 1;
        expect(apart, `${text} and its time`).toBe(true);
      }
    }
  });
}

test("a link to a message that is gone opens the conversation at its newest, and says so", async ({
  inbox,
}) => {
  const [first] = await conversations(inbox);
  await inbox.goto(`/c/${first?.id}?m=99999999`);
  await expect(thread(inbox).getByRole("article").last()).toBeInViewport();
  await expect(inbox.getByText("That message could not be found")).toBeVisible();
  await expect(inbox.getByRole("button", { name: /Jump to latest/ })).toBeHidden();
});

test("a thread that failed while the server was away comes back by itself", async ({ inbox }) => {
  const [first, second] = await conversations(inbox);
  await inbox.goto(`/c/${first?.id}`);
  await expect(thread(inbox).getByRole("article").last()).toBeInViewport();
  // The server is away: everything fails, and a new stream as well.
  await inbox.route("**/api/**", (route) => route.abort());
  await inbox.evaluate(() => window.dispatchEvent(new Event("online")));
  await inbox.evaluate(
    (id) => document.querySelector<HTMLElement>(`a[href="/c/${id}"]`)?.click(),
    second?.id,
  );
  await expect(inbox.getByText("Failed to load messages")).toBeVisible();
  await inbox.unroute("**/api/**");
  await expect(thread(inbox).getByRole("article").last()).toBeInViewport({ timeout: 15_000 });
});

test("a file's name shows its true ending, wherever it stands", async ({ inbox }) => {
  test.skip(isMock, "the mock sends no documents");
  const file = await fileArrives(inbox, await ownNumber(inbox, "store"), {
    type: "document",
    media: { sample: "invoice" },
    fileName: "photo\u202Egnp.exe.pdf",
  });
  await openMessage(inbox, file);
  await expect(thread(inbox).getByRole("link", { name: "Open photognp.exe.pdf" })).toBeVisible();
  await inbox.goto(`/c/${file.conversationId}?info=${file.messageId}`);
  await expect(inbox.getByRole("complementary").getByText("photognp.exe.pdf").first()).toBeVisible();
  const page = await inbox.evaluate(() => document.body.innerHTML);
  expect(page).not.toContain("\u202E");
});

test("the thread has a heading for itself and for each day, and numbered messages", async ({ inbox }) => {
  await inbox.setViewportSize({ width: 390, height: 844 });
  const [first] = await conversations(inbox);
  await inbox.goto(`/c/${first?.id}`);
  await expect(inbox.getByRole("heading", { level: 1 })).toHaveText(first?.contact.name ?? "");
  await expect(thread(inbox).getByRole("article").last()).toHaveAttribute("aria-posinset", /\d+/);
  await expect(thread(inbox).getByRole("heading", { level: 2 }).last()).toBeAttached();
});

test("larger text makes larger rows, and none lies on another", async ({ inbox }) => {
  await inbox.goto("/");
  await expect(rows(inbox).first()).toBeVisible();
  await inbox.addStyleTag({ content: "html { font-size: 32px }" });
  await inbox.reload();
  await inbox.addStyleTag({ content: "html { font-size: 32px }" });
  const boxes = () =>
    rows(inbox).evaluateAll((all) =>
      all
        .map((row) => row.getBoundingClientRect())
        .map(({ top, bottom }) => ({ top, bottom }))
        .sort((a, b) => a.top - b.top),
    );
  await expect
    .poll(async () => ((await boxes())[0]?.bottom ?? 0) - ((await boxes())[0]?.top ?? 0))
    .toBeGreaterThan(120);
  await expect
    .poll(async () =>
      (await boxes()).every(({ bottom }, at, all) => bottom <= (all[at + 1]?.top ?? bottom) + 1),
    )
    .toBe(true);
  const size = await inbox.evaluate(() => getComputedStyle(document.body).fontSize);
  expect(size).toBe("28px");
});

test("with forced colours ours and theirs have edges of their own", async ({ inbox }) => {
  await inbox.emulateMedia({ forcedColors: "active" });
  await inbox.goto(`/c/${await talk(inbox)}`);
  await expect(thread(inbox).getByRole("article").last()).toBeVisible();
  const width = (selector: string) =>
    thread(inbox)
      .locator(selector)
      .first()
      .evaluate((bubble) => getComputedStyle(bubble).borderTopWidth);
  expect(await width(".bubble-ours")).toBe("2px");
  expect(await width(".bubble:not(.bubble-ours)")).toBe("1px");
});

test("the inbox shows its shape before the server has said who works here", async ({ inbox }) => {
  let answer = () => {};
  const late = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await inbox.route("**/api/auth/me", async (route) => {
    await late;
    await route.continue();
  });
  await inbox.goto("/");
  await expect(inbox.getByRole("status", { name: "Loading Mediary" })).toBeVisible();
  answer();
  await expect(rows(inbox).first()).toBeVisible();
});

test("the list stays in order under the pointer, and the tab counts what is unread", async ({ inbox }) => {
  const found = (await conversations(inbox)).filter(({ contact }) => contact.waId !== null);
  const third = found[2];
  if (!third) throw new Error("needs three conversations");
  const events = inbox.waitForResponse((response) => response.url().endsWith("/api/events"));
  await inbox.goto("/");
  await events;
  await expect(rows(inbox).first()).toBeVisible();
  const first = await rows(inbox).first().textContent();
  await rows(inbox).nth(1).hover();
  await arrive(inbox, third, { type: "text", text: "While you point" });
  await expect(inbox).toHaveTitle(/^\(\d+\) Mediary$/);
  for (let at = 0; at < 8; at++) {
    await inbox.mouse.move(100, 260 + at);
    await expect(rows(inbox).first()).toHaveText(first ?? "");
  }
  await inbox.mouse.move(900, 500);
  await expect(rows(inbox).first()).toContainText("While you point");
});

/** A conversation in which both have written. */
async function talk(page: Parameters<typeof thread>[0]): Promise<number> {
  for (const { id } of await conversations(page)) {
    const answer = await page.request.get(`/api/conversations/${id}/messages?limit=8`);
    const { items } = (await answer.json()) as { items: { direction: string; type: string }[] };
    const wrote = (direction: string) =>
      items.some((item) => item.direction === direction && item.type === "text");
    if (wrote("inbound") && wrote("outbound")) return id;
  }
  throw new Error("needs a conversation in which both have written");
}
