import { act, fireEvent, screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { formatDate } from "../lib/format";
import { media } from "../test/fixtures";
import { beginCovered, bytes, picture, problem, serve, show, sticker, stream, tap } from "../test/viewer";
import { texts } from "../texts";

beginCovered();

describe("a file that fails", () => {
  const unavailable = { code: "provider_unavailable", detail: "WhatsApp is away.", retryable: true };

  it("says why, what is known of it, and tries again with a tap only", async () => {
    const fetch = serve(problem(unavailable), bytes);
    const expiresAt = "2126-11-27T10:00:00Z";
    show(sticker({ ...stream, expiresAt }));
    await tap(/tap to view/);
    expect(await screen.findByText("WhatsApp is away.")).toBeTruthy();
    expect(screen.getByText("Sticker · 2.4 MB")).toBeTruthy();
    expect(screen.getByText(texts.media.keptUntil(formatDate(expiresAt)))).toBeTruthy();
    expect(fetch).toHaveBeenCalledOnce();
    await tap("Failed to load. Tap to retry.");
    await picture();
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it("is not tried before the server wants to be asked again", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const wait = {
      code: "provider_rate_limited",
      detail: "Slow down.",
      retryable: true,
      retryAfterSeconds: 3,
    };
    const fetch = serve(problem(wait, 503), bytes);
    show(sticker(stream));
    fireEvent.click(screen.getByRole("button"));
    const retry = await screen.findByRole("button", { name: "Failed to load. Tap to retry." });
    expect(screen.getByText("You can try again in 3 seconds.")).toBeTruthy();
    fireEvent.click(retry);
    await act(() => vi.advanceTimersByTimeAsync(1_100));
    expect(screen.getByText("You can try again in 2 seconds.")).toBeTruthy();
    await act(() => vi.advanceTimersByTimeAsync(2_500));
    expect(screen.queryByText(/You can try again/)).toBeNull();
    expect(fetch).toHaveBeenCalledOnce();
    fireEvent.click(retry);
    await picture();
    vi.useRealTimers();
  });

  it("offers no retry where it is gone for good", async () => {
    serve(problem({ code: "media_expired", detail: "Gone since 9 Mar 2026.", retryable: false }, 410));
    show(sticker(stream));
    await tap(/tap to view/);
    expect(await screen.findByText("Gone since 9 Mar 2026.")).toBeTruthy();
    expect(screen.queryByRole("button", { name: /retry|again/i })).toBeNull();
    expect(screen.getByRole("button", { name: "Hide" })).toBeTruthy();
  });

  it("asks the URL of a stored file for the reason, and loads again on a tap", async () => {
    const fetch = serve(
      problem({ code: "storage_error", detail: "The storage is away.", retryable: true }, 503),
    );
    show(sticker({}));
    fireEvent.error(await picture());
    expect(await screen.findByText("The storage is away.")).toBeTruthy();
    expect(fetch).toHaveBeenCalledExactlyOnceWith("/api/media/messages/3", expect.anything());
    await tap("Failed to load. Tap to retry.");
    await picture();
  });

  it("does not load a video again by itself", async () => {
    const fetch = serve(problem(unavailable));
    const { container } = show(media({ ...stream, fileType: "video" }));
    await tap(/tap to view/);
    const video = container.querySelector("video") as HTMLVideoElement;
    fireEvent.error(video);
    expect(await screen.findByText("WhatsApp is away.")).toBeTruthy();
    expect(container.querySelector("video")).toBeNull();
    expect(fetch).toHaveBeenCalledOnce();
    await tap("Failed to load. Tap to retry.");
    expect(container.querySelector("video")?.getAttribute("src")).toBe("/api/media/messages/3");
  });

  it("can be downloaded where only the browser cannot show it", async () => {
    serve(bytes);
    show(sticker(stream));
    await tap(/tap to view/);
    fireEvent.error(await picture());
    expect(await screen.findByText(/cannot be shown here/)).toBeTruthy();
    // What can help comes first; to try again is no more than a hope.
    const download = screen.getByRole("link", { name: /^Download/ });
    const retry = screen.getByRole("button", { name: "Retry" });
    expect(download.textContent).toBe("Download");
    expect(download.compareDocumentPosition(retry) & Node.DOCUMENT_POSITION_FOLLOWING).toBeTruthy();
    expect(screen.queryByRole("button", { name: /Tap to retry/ })).toBeNull();
  });
});
