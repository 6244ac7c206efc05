import { readFileSync } from "node:fs";
import type { Locator, Page } from "@playwright/test";
import { control, conversations, expect, thread } from "./support.ts";

/** What the specs of sending share. */

const SAMPLES = new URL("../../crates/mediary-simulator/samples/", import.meta.url);

export const sample = (name: string, mimeType: string, as = name) => ({
  name: as,
  mimeType,
  buffer: readFileSync(new URL(name, SAMPLES)),
});

export type Customer = { id: number; waId: string; name: string };

/** The conversation of a customer of the test's own, who has just written. */
export async function ownConversation(page: Page, text = "Hello, are you open today?"): Promise<Customer> {
  const waId = `1557${Date.now()}`.slice(0, 15);
  const name = `Sender ${waId.slice(-5)}`;
  await control(page, "messages", { type: "text", text, customer: { waId, name } });
  let id = 0;
  await expect
    .poll(async () => {
      id = (await conversations(page)).find(({ contact }) => contact.waId === waId)?.id ?? 0;
      return id;
    })
    .toBeGreaterThan(0);
  return { id, waId, name };
}

/** Opens it, with the event stream answered, so that nothing that happens is missed. */
export async function openConversation(page: Page, { id }: Customer): Promise<void> {
  const events = page.waitForResponse((response) => response.url().endsWith("/api/events"));
  await page.goto(`/c/${id}`);
  await events;
  await expect(thread(page).getByRole("article").last()).toBeVisible();
}

export const field = (page: Page) => page.getByRole("textbox", { name: "Message", exact: true });
export const newest = (page: Page) => thread(page).getByRole("article").last();

export async function sendText(page: Page, text: string): Promise<Locator> {
  await field(page).fill(text);
  await field(page).press("Enter");
  const message = thread(page).getByRole("article").filter({ hasText: text }).last();
  await expect(message).toBeInViewport();
  return message;
}

/** That a message has come to a status, which a screen reader is told. */
export async function expectStatus(message: Locator, status: string): Promise<void> {
  await expect(message.getByText(status, { exact: true }).last()).toBeAttached({ timeout: 15_000 });
}

export const pick = (page: Page, files: Parameters<Locator["setInputFiles"]>[0]) =>
  page.locator('input[type="file"]').setInputFiles(files);

export const send = (page: Page) => page.getByRole("button", { name: "Send", exact: true }).click();

/** A file as the clipboard or a drag would carry it. */
export function transferOf(page: Page, file: ReturnType<typeof sample>) {
  const { name, mimeType, buffer } = file;
  return page.evaluateHandle(
    ({ name, mimeType, base64 }) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], name, { type: mimeType }));
      return transfer;
    },
    { name, mimeType, base64: buffer.toString("base64") },
  );
}

export async function openActions(page: Page, message: Locator): Promise<Locator> {
  await message.hover();
  await message.getByRole("button", { name: "React and more" }).click();
  const menu = page.getByRole("dialog", { name: "Message actions" });
  await expect(menu).toBeVisible();
  return menu;
}
