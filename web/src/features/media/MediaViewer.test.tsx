import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { MediaFile } from "@/api/types";
import { MediaViewer } from "@/features/media/MediaViewer";
import { useProgress } from "@/live/progress";
import { useReveal } from "@/stores/reveal";
import { downloadError, media } from "@/test/fixtures";

function show(file: MediaFile) {
  return render(
    <QueryClientProvider client={new QueryClient()}>
      <MediaViewer media={file} sender="Ana" timestamp={file.createdAt} caption={null} />
    </QueryClientProvider>,
  );
}

beforeEach(() => useReveal.getState().hideAll());
afterEach(() => vi.unstubAllGlobals());

const sticker = (fields: Partial<MediaFile>) => media({ fileType: "sticker", ...fields });

describe("a file that is not there", () => {
  it("shows how much of it has come, and follows", () => {
    show(sticker({ downloadStatus: "downloading", fileSize: 4_000_000 }));
    expect(screen.getByRole("progressbar").getAttribute("aria-valuenow")).toBeNull();
    act(() => useProgress.getState().set(7, { bytesDownloaded: 1_000_000, fileSize: 4_000_000 }));
    expect(screen.getByRole("progressbar").getAttribute("aria-valuenow")).toBe("25");
    expect(screen.getByText("1 MB of 4 MB")).toBeTruthy();
  });

  it("says why it failed and is fetched again on demand", async () => {
    const fetch = vi.fn(async () => Response.json(sticker({ downloadStatus: "pending" }), { status: 202 }));
    vi.stubGlobal("fetch", fetch);
    const lastError = downloadError({ message: "WhatsApp was slow." });
    show(sticker({ downloadStatus: "failed", lastError }));
    expect(screen.getByText("WhatsApp was slow.")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Retry" }));
    await vi.waitFor(() => expect(fetch).toHaveBeenCalledWith("/api/media/7/download", expect.anything()));
  });

  it("offers no retry where none helps", () => {
    const lastError = downloadError({ code: "payload_too_large", retryable: false });
    show(sticker({ downloadStatus: "failed", lastError }));
    expect(screen.queryByRole("button", { name: "Retry" })).toBeNull();
  });

  it("is not fetched before somebody taps", () => {
    const { container } = show(sticker({ policy: "on_view", downloadStatus: "pending" }));
    expect(container.querySelector("img")).toBeNull();
    fireEvent.click(screen.getByRole("button", { name: "Sticker: tap to view" }));
    expect(container.querySelector("img")?.getAttribute("src")).toBe("/api/media/messages/3");
  });
});

describe("a file under stream", () => {
  it("is fetched anew with each further tap, and can be covered again", () => {
    const { container } = show(sticker({ policy: "stream", downloadStatus: "pending" }));
    fireEvent.click(screen.getByRole("button", { name: /tap to view/ }));
    fireEvent.click(screen.getByRole("button", { name: "Fetch again from WhatsApp" }));
    expect(container.querySelector("img")?.getAttribute("src")).toMatch(/^\/api\/whatsapp\/media\/900\?t=/);
    fireEvent.click(screen.getByRole("button", { name: "Hide" }));
    expect(container.querySelector("img")).toBeNull();
  });
});

it("a picture that does not load says what the server knows, and loads again on a tap", async () => {
  const error = {
    code: "storage_error",
    message: "The storage is away.",
    retryable: true,
    retryAfterSeconds: null,
  };
  vi.stubGlobal("fetch", async () => Response.json({ status: "completed", error }));
  const { container } = show(sticker({}));
  const image = container.querySelector("img");
  if (image) fireEvent.error(image);
  expect(await screen.findByText("The storage is away.")).toBeTruthy();
  fireEvent.click(screen.getByText("Failed to load. Tap to retry."));
  expect(container.querySelector("img")).not.toBeNull();
});

it("a file that is not the declared one is shown with a warning", () => {
  show(sticker({ integrity: "mismatch" }));
  expect(screen.getByText(/Not exactly the file/)).toBeTruthy();
});
