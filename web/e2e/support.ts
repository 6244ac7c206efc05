import AxeBuilder from "@axe-core/playwright";
import { type APIRequestContext, test as base, expect, type Page } from "@playwright/test";
import type { Page as ApiPage, Conversation, MediaFile } from "../src/api/types.ts";

export const email = process.env.MEDIARY_EMAIL ?? "agent@example.com";
export const password = process.env.MEDIARY_PASSWORD ?? "mediary";

/** A page with a session; it fails when the page breaks, or asks any other host for anything. */
export const test = base.extend<{ inbox: Page }>({
  inbox: async ({ page, baseURL }, use) => {
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) problems.push(message.text());
    });
    page.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol.startsWith("http") && origin !== new URL(baseURL ?? "").origin)
        problems.push(request.url());
    });
    await logIn(page.request, baseURL ?? "");
    await use(page);
    expect(problems).toEqual([]);
  },
});

export async function logIn(request: APIRequestContext, origin: string): Promise<void> {
  const answer = await request.post("/api/auth/login", {
    data: { email, password },
    headers: { Origin: new URL(origin).origin },
  });
  expect(answer.ok(), "the e2e user can log in").toBe(true);
}

export async function conversations(page: Page): Promise<Conversation[]> {
  const answer = await page.request.get("/api/conversations?limit=100");
  return ((await answer.json()) as ApiPage<Conversation>).items;
}

/** A file of a kind from whatever data the server has. */
export async function findMedia(
  page: Page,
  query: string,
  accept: (media: MediaFile) => boolean = () => true,
): Promise<MediaFile | undefined> {
  const answer = await page.request.get(`/api/media?limit=100&${query}`);
  return ((await answer.json()) as ApiPage<MediaFile>).items.find(accept);
}

/** Whether a file has a name that shows as it is. */
export function hasPlainName({ fileName }: MediaFile): boolean {
  return fileName !== null && !/[\u202A-\u202E]/.test(fileName) && fileName.length < 50;
}

/** Whether the specs run against the mock, which plays the simulated WhatsApp as well as it can. */
export const isMock = !process.env.MEDIARY_CONTROL;

/** The control API of the simulated WhatsApp, which the mock speaks as well. */
const controlUrl =
  process.env.MEDIARY_CONTROL ?? `${process.env.MEDIARY_URL ?? "http://127.0.0.1:4010"}/_control`;

/** Makes something happen at WhatsApp. */
export async function control(page: Page, path: string, body: object): Promise<void> {
  const answer = await page.request.post(`${controlUrl}/${path}`, { data: body });
  expect(answer.ok(), "the simulated WhatsApp can be controlled (MEDIARY_CONTROL)").toBe(true);
}

type Upstream = { downloads: number; bytesSent: number };

/** What was asked of WhatsApp for one of its files. */
export async function upstream(page: Page, providerMediaId: string): Promise<Upstream> {
  const answer = await page.request.get(`${controlUrl}/stats/${providerMediaId}`);
  expect(answer.ok(), "the simulated WhatsApp counts").toBe(true);
  return (await answer.json()) as Upstream;
}

/** Makes something go wrong until the function that it returns is called. */
export async function arm(page: Page, fault: object): Promise<() => Promise<void>> {
  const answer = await page.request.post(`${controlUrl}/faults`, { data: fault });
  const { id } = (await answer.json()) as { id: number };
  return async () => void (await page.request.delete(`${controlUrl}/faults/${id}`));
}

/**
 * A business number of the test's own, with a media policy of its own: neither what it does nor what goes wrong with it
 * touches any other test.
 */
export async function ownNumber(page: Page, mediaPolicy: MediaFile["policy"]): Promise<string> {
  const phoneNumberId = `${Date.now()}${Math.floor(Math.random() * 1e6)}`;
  const known = {
    phoneNumberId,
    displayPhoneNumber: `+1555${phoneNumberId.slice(-7)}`,
    name: `Number ${phoneNumberId.slice(-4)}`,
    accessToken: `token-${phoneNumberId}`,
    appSecret: `secret-${phoneNumberId}`,
  };
  await control(page, "accounts", known);
  await control(page, "tokens", { token: known.accessToken, state: "valid" });
  const added = await page.request.post("/api/whatsapp-accounts", {
    data: { ...known, verifyToken: "verify", mediaPolicy },
  });
  expect(added.ok(), "the e2e user may add a number").toBe(true);
  return phoneNumberId;
}

/** Lets a file arrive at such a number, from a customer of the test's own. `before` knows its id at WhatsApp first. */
export async function fileArrives(
  page: Page,
  phoneNumberId: string,
  { media, ...message }: Sent,
  before: (id: string) => Promise<unknown> = async () => {},
): Promise<MediaFile> {
  const post = async <T>(path: string, data: object) => {
    const answer = await page.request.post(`${controlUrl}/${path}`, { data });
    expect(answer.ok(), "the simulated WhatsApp sends a file").toBe(true);
    return (await answer.json()) as T;
  };
  const { id } = await post<{ id: string }>("media", { ...media, phoneNumberId });
  await before(id);
  const customer = { waId: `1556${phoneNumberId.slice(-9)}`, name: `Customer ${phoneNumberId.slice(-4)}` };
  await post("messages?wait=true", { ...message, mediaId: id, phoneNumberId, customer });
  let file: MediaFile | undefined;
  await expect
    .poll(async () => {
      file = await findMedia(page, "", ({ providerMediaId }) => providerMediaId === id);
      return file;
    })
    .toBeTruthy();
  if (!file) throw new Error("the file did not arrive");
  return file;
}

export type Sent = {
  type: MediaFile["fileType"];
  media: object;
  caption?: string;
  fileName?: string;
  voice?: boolean;
};

/** Lets a customer write into a conversation, to the number that it is with. */
export async function arrive(page: Page, conversation: Conversation, message: object): Promise<void> {
  const { waId, userId, name } = conversation.contact;
  const answer = await page.request.get(`/api/whatsapp-accounts/${conversation.whatsappAccountId}`);
  const account = answer.ok() ? ((await answer.json()) as { phoneNumberId?: string }) : {};
  const number = account.phoneNumberId ? { phoneNumberId: account.phoneNumberId } : {};
  const customer = { ...(waId ? { waId } : { userId }), ...(name ? { name } : {}) };
  await control(page, "messages", { ...message, customer, ...number });
}

let withPhotos: Promise<number> | undefined;

/** A conversation with several stored photos; made where there is none. */
export function conversationWithPhotos(page: Page): Promise<number> {
  withPhotos ??= findOrSendPhotos(page);
  return withPhotos;
}

async function findOrSendPhotos(page: Page): Promise<number> {
  const answer = await page.request.get(`/api/media?limit=100&downloadStatus=completed&fileType=image`);
  const { items } = (await answer.json()) as { items: MediaFile[] };
  const counts = new Map<number, number>();
  for (const { conversationId } of items) counts.set(conversationId, (counts.get(conversationId) ?? 0) + 1);
  // The latest: others may hold more than is quickly looked through.
  const found = [...counts].find(([, count]) => count > 2);
  if (found) return found[0];
  const number = await ownNumber(page, "store");
  let conversation = 0;
  for (const sample of ["mugs", "bike", "harbour"]) {
    const { id, conversationId } = await fileArrives(page, number, { type: "image", media: { sample } });
    conversation = conversationId;
    await expect
      .poll(async () => (await (await page.request.get(`/api/media/${id}`)).json()).downloadStatus)
      .toBe("completed");
  }
  return conversation;
}

/** A conversation of more than one page; made where there is none. */
export async function longThread(page: Page): Promise<number> {
  for (const { id } of await conversations(page)) {
    const answer = await page.request.get(`/api/conversations/${id}/messages?limit=60`);
    if (((await answer.json()) as { hasMore: boolean }).hasMore) return id;
  }
  await control(page, "flood", {
    message: { type: "text", text: "A line of a long talk" },
    count: 150,
    customers: 1,
  });
  let id: number | undefined;
  await expect
    .poll(async () => {
      id = (await conversations(page))[0]?.id;
      const answer = await page.request.get(`/api/conversations/${id}/messages?limit=100`);
      return ((await answer.json()) as { hasMore: boolean }).hasMore;
    })
    .toBe(true);
  return id ?? 0;
}

export async function openMessage(page: Page, media: MediaFile): Promise<void> {
  await page.goto(`/c/${media.conversationId}?m=${media.messageId}`);
  await expect(thread(page)).toBeVisible();
}

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** That a page keeps to WCAG 2.2 AA as far as that can be told by looking at it once. */
export async function checkAccess(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
  const found = violations.map(
    ({ id, nodes }) => `${where}: ${id}: ${nodes.map((node) => node.html).join("\n")}`,
  );
  expect(found).toEqual([]);
}

/** What the pages of the settings are called, by their paths below `/settings`. */
export const SETTINGS_PAGES = {
  now: "What happens now",
  failures: "Failed downloads",
  webhooks: "Parked events",
  accounts: "Accounts",
  "accounts/new": "Add an account",
  media: "Policy and retention",
  storage: "Storage use",
  integrity: "Integrity",
  users: "Users",
  keys: "API keys",
  audit: "Audit log",
  session: "My session",
};

export const list = (page: Page) => page.getByRole("navigation", { name: "Conversations" });
export const rows = (page: Page) => list(page).getByRole("listitem");
export const thread = (page: Page) => page.getByRole("region", { name: /^Messages with/ });
export { expect };
