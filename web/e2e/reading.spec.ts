import { arrive, conversations, expect, test, thread } from "./support.ts";

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
    const [first] = await conversations(inbox);
    if (!first) throw new Error("needs a conversation");
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
