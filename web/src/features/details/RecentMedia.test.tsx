import { RETRY_AFTER_MS } from "@mediary/media/server/bytes";
import { act, fireEvent, render, screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { RecentMedia } from "@/features/details/RecentMedia";
import { media, page, variant } from "@/test/fixtures";
import { beginCovered, inInbox, serve } from "@/test/viewer";

beginCovered();

const HASH = "1QcSHQRnh493V4dIh4eXh1h4kJUI";
const files = [
  media({ id: 1, fileName: "photo", thumbhash: HASH, variants: [variant("thumb", { url: "/v/photo" })] }),
  media({ id: 2, fileName: "clip", fileType: "video", durationMs: 65_000, variants: [variant("poster")] }),
  media({ id: 3, fileName: "paper", fileType: "document", mimeType: "application/pdf" }),
  media({ id: 4, fileName: "table", fileType: "document", mimeType: "text/csv" }),
  media({ id: 5, fileName: "secret", policy: "stream", downloadStatus: "pending" }),
];

it("recent media show small pictures of what is stored, and load no file itself", async () => {
  serve(() => Response.json(page(files)));
  render(inInbox(<RecentMedia conversationId={1} />));
  await screen.findByText("1:05");
  const pictures = [...document.querySelectorAll("img")].map((image) => image.getAttribute("src"));
  expect(pictures.filter((url) => !url?.startsWith("data:"))).toEqual([
    "/v/photo",
    "/v/poster",
    "/api/media/messages/3?variant=preview",
  ]);
  for (const name of ["table", "secret"]) expect(screen.getByText(name)).toBeTruthy();
});

it("recent media keep an icon over the blurred picture where the small one fails", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  serve(() => Response.json(page(files.slice(0, 1))));
  render(inInbox(<RecentMedia conversationId={2} />));
  const tile = await screen.findByRole("link", { name: /^Details of photo, .*2026/ });
  const small = () => tile.querySelector('img[src="/v/photo"]');
  fireEvent.error(small() as Element);
  await act(() => vi.advanceTimersByTimeAsync(RETRY_AFTER_MS));
  fireEvent.error(small() as Element);
  expect(small()).toBeNull();
  expect(tile.querySelector("svg")).not.toBeNull();
  expect(tile.querySelector("img")?.getAttribute("src")).toMatch(/^data:image/);
  vi.useRealTimers();
});
