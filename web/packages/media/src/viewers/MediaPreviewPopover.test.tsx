import { act, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { media } from "../test/fixtures";
import type { MediaFile } from "../types";
import { MediaPreviewPopover } from "./MediaPreviewPopover";

const invoice = media({
  fileType: "document",
  fileName: "photo\u202Egnp.invoice.pdf",
  mimeType: "application/pdf",
  fileSize: 34_000,
  pages: 2,
  width: null,
  height: null,
});

beforeEach(() => {
  vi.useFakeTimers();
  // happy-dom has no popovers.
  HTMLElement.prototype.showPopover = () => {};
});
afterEach(() => vi.useRealTimers());

function shown(file: MediaFile = invoice) {
  render(
    <MediaPreviewPopover media={file}>
      {(preview) => (
        <a href="/file" {...preview}>
          a file
        </a>
      )}
    </MediaPreviewPopover>,
  );
  return screen.getByRole("link");
}
const pass = (ms: number) => act(() => vi.advanceTimersByTime(ms));
const panel = () => screen.queryByRole("tooltip");

it("shows what a file is to who rests on it, and describes it", () => {
  const link = shown();
  fireEvent.pointerEnter(link, { pointerType: "mouse" });
  pass(200);
  expect(panel()).toBeNull();
  pass(400);
  expect(panel()?.textContent).toContain("photognp.invoice.pdf");
  expect(panel()?.textContent).toMatch(/PDF · 34 kB · 2 pages/);
  expect(panel()?.querySelector("img")?.src).toContain("variant=preview");
  expect(link.getAttribute("aria-describedby")).toBe(panel()?.id);
});

it("stays while the pointer goes on to it, and goes with the pointer", () => {
  const link = shown();
  fireEvent.pointerEnter(link, { pointerType: "mouse" });
  pass(600);
  fireEvent.pointerLeave(link);
  fireEvent.pointerEnter(panel() as HTMLElement);
  pass(600);
  expect(panel()).not.toBeNull();
  fireEvent.pointerLeave(panel() as HTMLElement);
  pass(600);
  expect(panel()).toBeNull();
});

it("is put away by Esc, which then does nothing else", () => {
  const link = shown();
  fireEvent.pointerEnter(link, { pointerType: "mouse" });
  pass(600);
  expect(fireEvent.keyDown(link, { key: "Escape" })).toBe(false);
  expect(panel()).toBeNull();
  expect(fireEvent.keyDown(link, { key: "Escape" })).toBe(true);
});

it("does not open for a finger, nor after a click", () => {
  const link = shown();
  fireEvent.pointerEnter(link, { pointerType: "touch" });
  pass(600);
  expect(panel()).toBeNull();
  fireEvent.pointerEnter(link, { pointerType: "mouse" });
  fireEvent.pointerDown(link);
  pass(600);
  expect(panel()).toBeNull();
});

it("has no picture of what was not fetched", () => {
  const link = shown({ ...invoice, policy: "stream", downloadStatus: "pending" });
  fireEvent.pointerEnter(link, { pointerType: "mouse" });
  pass(600);
  expect(panel()?.querySelector("img")).toBeNull();
});
