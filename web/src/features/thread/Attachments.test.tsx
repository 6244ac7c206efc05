import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { Attachments } from "@/features/thread/Attachments";
import { patchThreadMedia } from "@/live/patch";
import { media, message, page } from "@/test/fixtures";

const files = [1, 2].map((part) =>
  media({
    id: 10 + part,
    part,
    fileType: "document",
    fileName: `paper ${part}.pdf`,
    url: `/api/media/messages/3?part=${part}`,
  }),
);
const form = message(3, { type: "interactive", text: "Sent\nclaim_no: A-77", attachments: files });

it("a filled form shows its answers and every file that came with it", () => {
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Attachments message={form} sender="Ana" />
    </QueryClientProvider>,
  );
  expect(screen.getByText(/claim_no: A-77/)).toBeTruthy();
  expect(screen.getAllByRole("listitem")).toHaveLength(2);
  for (const [index, link] of [...document.querySelectorAll("a[download]")].entries()) {
    expect(link.getAttribute("href")).toBe(`/api/media/messages/3?part=${index + 1}&download=1`);
  }
});

it("an event of an attachment changes that file alone", () => {
  const thread = { pages: [page([form])], pageParams: [{}] };
  const gone = { ...files[1], isActive: false } as (typeof files)[0];
  const patched = patchThreadMedia(thread, gone).pages[0]?.items[0];
  expect(patched?.media).toBeNull();
  expect(patched?.attachments.map((file) => file.isActive)).toEqual([true, false]);
});
