import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { formatDate } from "../lib/format";
import { useProgress } from "../server/progress";
import { provideServices } from "../server/services";
import { downloadError } from "../test/fixtures";
import { beginCovered, serve, show, sticker } from "../test/viewer";
import { texts } from "../texts";

beginCovered();

describe("a file that is not there", () => {
  it("shows how much of it has come, and follows", () => {
    show(sticker({ downloadStatus: "downloading", fileSize: 4_000_000 }));
    expect(screen.getByRole("progressbar").getAttribute("aria-valuenow")).toBeNull();
    act(() => useProgress.getState().set(7, { bytesDownloaded: 1_000_000, fileSize: 4_000_000 }));
    expect(screen.getByRole("progressbar").getAttribute("aria-valuenow")).toBe("25");
    expect(screen.getByText("1 MB of 4 MB")).toBeTruthy();
  });

  it("says why it failed and is fetched again on demand", async () => {
    const fetch = serve(() => Response.json(sticker({ downloadStatus: "pending" }), { status: 202 }));
    const lastError = downloadError({ message: "WhatsApp was slow." });
    show(sticker({ downloadStatus: "failed", lastError }));
    expect(screen.getByText("WhatsApp was slow.")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Retry" }));
    await waitFor(() => expect(fetch).toHaveBeenCalledWith("/api/media/7/download", expect.anything()));
  });

  it("says why it could not be fetched again, unless the page does", async () => {
    serve(() => Response.json({ code: "forbidden", title: "No" }, { status: 403 }));
    const failed = sticker({ downloadStatus: "failed", lastError: downloadError() });
    const { unmount } = show(failed);
    fireEvent.click(screen.getByRole("button", { name: "Retry" }));
    expect((await screen.findByRole("alert")).textContent).toBe(texts.error.forbidden);
    unmount();
    const onDownload = vi.fn();
    provideServices({ onDownload });
    show(failed);
    fireEvent.click(screen.getByRole("button", { name: "Retry" }));
    await waitFor(() => expect(onDownload.mock.calls[0]?.[1]).toMatchObject({ status: 403 }));
    expect(screen.queryByRole("alert")).toBeNull();
    provideServices({});
  });

  it("is read again where somebody else fetched it meanwhile", async () => {
    const onRecord = vi.fn();
    provideServices({ onRecord });
    const conflict = () => Response.json({ code: "conflict", title: "There" }, { status: 409 });
    serve(conflict, () => Response.json(sticker({})));
    show(sticker({ downloadStatus: "failed", lastError: downloadError() }));
    fireEvent.click(screen.getByRole("button", { name: "Retry" }));
    await waitFor(() => expect(onRecord).toHaveBeenCalledOnce());
    provideServices({});
  });

  it("says once, and counting down, when it is tried again", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const lastError = downloadError({
      message: "WhatsApp was slow. It will be tried again by itself.",
      nextAttemptAt: new Date(Date.now() + 20_000).toISOString(),
    });
    show(sticker({ downloadStatus: "failed", lastError }));
    expect(document.body.textContent).toContain("WhatsApp was slow. It will be tried again in 20 seconds.");
    await act(() => vi.advanceTimersByTimeAsync(5_000));
    expect(document.body.textContent).toContain("WhatsApp was slow. It will be tried again in 15 seconds.");
    await act(() => vi.advanceTimersByTimeAsync(16_000));
    expect(document.body.textContent).toContain("WhatsApp was slow. It is being tried again…");
    vi.useRealTimers();
  });

  it("keeps the focus on a retry that is under way", async () => {
    let answer = (_: Response) => {};
    vi.stubGlobal("fetch", () => new Promise<Response>((resolve) => (answer = resolve)));
    show(sticker({ downloadStatus: "failed", lastError: downloadError() }));
    const retry = screen.getByRole("button", { name: "Retry" });
    retry.focus();
    fireEvent.click(retry);
    await waitFor(() => expect(retry.getAttribute("aria-disabled")).toBe("true"));
    expect(document.activeElement).toBe(retry);
    answer(Response.json(sticker({ downloadStatus: "pending" })));
  });

  it("offers no retry where none helps", () => {
    const lastError = downloadError({ code: "payload_too_large", retryable: false });
    show(sticker({ downloadStatus: "failed", lastError }));
    expect(screen.queryByRole("button", { name: "Retry" })).toBeNull();
  });

  it("says when WhatsApp's copy ended, unless the server's sentence does", () => {
    const lastError = downloadError({ code: "media_expired", message: "WhatsApp no longer has it." });
    const { become } = show(sticker({ downloadStatus: "failed", lastError }));
    const end = texts.media.wasKeptUntil(formatDate("2026-03-09T10:00:00Z"));
    expect(screen.getByText(`WhatsApp no longer has it. ${end}`)).toBeTruthy();
    become({ lastError: { ...lastError, message: "WhatsApp kept it until 9 Mar 2026." } });
    expect(screen.getByText("WhatsApp kept it until 9 Mar 2026.")).toBeTruthy();
  });
});

it("a file that is not the declared one is shown with a warning", () => {
  show(sticker({ integrity: "mismatch" }));
  expect(screen.getByText(/Not exactly the file/)).toBeTruthy();
});
