import type { Locator, Page } from "@playwright/test";
import type { MediaFile } from "../src/api/types.ts";
import { expect, fileArrives, openMessage, ownNumber, type Sent, thread, upstream } from "./support.ts";

/** What the specs of files on demand share. They need Mediary with the simulated WhatsApp, which the mock is not. */
export const files = {
  photo: { type: "image", media: { sample: "mugs" } },
  video: { type: "video", media: { sample: "wheel" } },
  "voice note": { type: "audio", media: { sample: "voice-en" }, voice: true },
  document: { type: "document", media: { sample: "invoice" }, fileName: "Rechnung 17.pdf" },
  sticker: { type: "sticker", media: { sample: "sticker-thanks" } },
} as const satisfies Record<string, Sent>;
export type Kind = keyof typeof files;
export const kinds = Object.keys(files) as Kind[];

/** A file that arrived under a policy, open in its conversation. */
export async function open(page: Page, policy: MediaFile["policy"], sent: Sent) {
  const media = await fileArrives(page, await ownNumber(page, policy), sent);
  await openMessage(page, media);
  const message = thread(page).getByRole("article").last();
  const id = media.providerMediaId ?? "";
  return { media, message, id, downloads: async () => (await upstream(page, id)).downloads };
}

export const covered = (message: Locator) =>
  message.getByRole("button", { name: /: (tap to (view|listen)|(view|listen) again)/ });

/** That the file itself is to be seen, or heard. */
export async function expectShown(message: Locator, kind: Kind): Promise<void> {
  switch (kind) {
    case "photo":
    case "sticker":
      await expect.poll(() => message.locator("img").last().evaluate(isDecoded)).toBe(true);
      return;
    case "video":
      await expect.poll(() => message.locator("video").evaluate(secondsPlayed)).toBeGreaterThan(0.1);
      return;
    case "voice note":
      await expect.poll(() => message.getByRole("slider").inputValue().then(Number)).toBeGreaterThan(0.1);
      return;
    case "document":
      await expect(message.getByRole("link", { name: "Open Rechnung 17.pdf" })).toBeVisible();
  }
}

export async function record(page: Page, { id }: MediaFile): Promise<MediaFile> {
  return (await (await page.request.get(`/api/media/${id}`)).json()) as MediaFile;
}

export const secondsPlayed = (element: Element) => (element as HTMLVideoElement).currentTime;

export function isDecoded(element: Element): boolean {
  return element instanceof HTMLImageElement && element.complete && element.naturalWidth > 0;
}
