import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, fireEvent, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { MediaFile } from "@/api/types";
import { MediaViewer } from "@/features/media/MediaViewer";
import { audioElement, stopAudio } from "@/features/media/playback";
import { formatDate } from "@/lib/format";
import { useProgress } from "@/live/progress";
import { useReveal } from "@/stores/reveal";
import { downloadError, media } from "@/test/fixtures";
import { texts } from "@/texts";

const client = new QueryClient();
const viewer = (file: MediaFile) => (
  <QueryClientProvider client={client}>
    <MediaViewer media={file} sender="Ana" timestamp={file.createdAt} caption={null} />
  </QueryClientProvider>
);

function show(file: MediaFile) {
  const view = render(viewer(file));
  const become = (fields: Partial<MediaFile>) => view.rerender(viewer({ ...file, ...fields }));
  return { ...view, become };
}

let blobs = 0;
beforeEach(async () => {
  // What the last test showed is let go of.
  await new Promise((resolve) => setTimeout(resolve));
  useReveal.getState().hideAll();
  vi.spyOn(URL, "createObjectURL").mockImplementation(() => `blob:${++blobs}`);
  vi.spyOn(URL, "revokeObjectURL").mockImplementation(() => {});
});
afterEach(() => {
  stopAudio();
  vi.unstubAllGlobals();
});

const sticker = (fields: Partial<MediaFile>) => media({ fileType: "sticker", ...fields });
const stream = { policy: "stream", downloadStatus: "pending" } as const;
const onView = { policy: "on_view", downloadStatus: "pending" } as const;

/** What the server answers to each request for bytes, in turn; the last one again and again. */
function serve(...answers: (() => Response)[]) {
  let asked = 0;
  const fetch = vi.fn(async (_url: string) => (answers[asked++] ?? answers.at(-1))?.() as Response);
  vi.stubGlobal("fetch", fetch);
  return fetch;
}
const bytes = () => new Response("bytes", { headers: { "Content-Type": "image/webp" } });
const problem =
  (fields: object, status = 502) =>
  () =>
    Response.json(fields, { status });
const picture = () => screen.findByAltText("Sticker from Ana") as Promise<HTMLImageElement>;
const tap = (name: string | RegExp) => userEvent.click(screen.getByRole("button", { name }));

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

describe("a covered file", () => {
  it.each([
    [media({ fileType: "image" }), "Photo: tap to view, 2.4 MB"],
    [media({ fileType: "video", durationMs: 65_000 }), "Video: tap to view, 2.4 MB, 1:05"],
    [
      media({ fileType: "audio", voice: true, fileSize: null, durationMs: 7000 }),
      "Voice note: tap to view, 0:07",
    ],
    [media({ fileType: "document", fileName: "Offer.pdf" }), "Document: tap to view, Offer.pdf, 2.4 MB"],
    [sticker({ fileSize: null }), "Sticker: tap to view"],
  ])("tells what it is, and fetches nothing", (file, name) => {
    const fetch = serve(bytes);
    const { container } = show({ ...file, ...stream });
    expect(screen.getByRole("button", { name })).toBeTruthy();
    expect(screen.getByText("Tap to view")).toBeTruthy();
    expect(container.querySelector("img, video, a")).toBeNull();
    expect(fetch).not.toHaveBeenCalled();
  });

  it("becomes the file with a tap, and the focus goes along", async () => {
    serve(bytes);
    show(sticker(onView));
    screen.getByRole("button").focus();
    await tap(/tap to view/);
    expect((await picture()).getAttribute("src")).toMatch(/^blob:/);
    expect((await picture()).parentElement).toBe(document.activeElement);
  });

  it("takes no focus that is elsewhere", async () => {
    serve(bytes);
    show(sticker(onView));
    act(() => void useReveal.getState().reveal(7));
    await picture();
    expect(document.activeElement).toBe(document.body);
  });
});

describe("a file under stream", () => {
  it("is fetched anew with each further tap, and can be covered again", async () => {
    const fetch = serve(bytes);
    show(sticker(stream));
    await tap(/tap to view/);
    await picture();
    await tap("View again");
    await picture();
    await tap("Hide");
    expect(document.activeElement).toBe(screen.getByRole("button", { name: "Sticker: view again, 2.4 MB" }));
    await tap(/view again/);
    await picture();
    const urls = fetch.mock.calls.map(([url]) => url);
    expect(urls).toHaveLength(3);
    expect(urls[0]).toBe("/api/media/messages/3");
    for (const url of urls.slice(1)) expect(url).toMatch(/^\/api\/whatsapp\/media\/900\?t=/);
    expect(new Set(urls).size).toBe(3);
  });

  it("as a document is opened and saved from what was fetched", async () => {
    const fetch = serve(() => new Response("%PDF", { headers: { "Content-Type": "application/pdf" } }));
    show(media({ ...stream, fileType: "document", fileName: "Offer.pdf" }));
    await tap(/tap to view/);
    const open = await screen.findByRole("link", { name: "Open Offer.pdf" });
    expect(open.getAttribute("href")).toMatch(/^blob:/);
    expect(document.activeElement).toBe(open);
    expect(screen.getByRole("link", { name: "Download Offer.pdf" }).getAttribute("download")).toBe(
      "Offer.pdf",
    );
    await tap("View again");
    await waitFor(() => expect(fetch).toHaveBeenCalledTimes(2));
    await screen.findByRole("link", { name: "Open Offer.pdf" });
  });

  it("as a web page is never opened from what was fetched", async () => {
    serve(() => new Response("<script>", { headers: { "Content-Type": "text/html" } }));
    show(media({ ...stream, fileType: "document", fileName: "Offer.html" }));
    await tap(/tap to view/);
    for (const link of await screen.findAllByRole("link")) {
      expect(link.getAttribute("download")).toBe("Offer.html");
    }
  });

  it("plays with the tap, anew with the next, and is silent once covered", async () => {
    const play = vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
    show(media({ ...stream, fileType: "audio", voice: true }));
    await tap(/tap to view/);
    expect(audioElement().getAttribute("src")).toBe("/api/media/messages/3");
    await tap("View again");
    expect(audioElement().getAttribute("src")).toMatch(/^\/api\/whatsapp\/media\/900\?t=/);
    expect(play).toHaveBeenCalledTimes(2);
    await tap("Hide");
    expect(audioElement().getAttribute("src")).toBeNull();
  });
});

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

  it("that is gone for good offers no retry", async () => {
    serve(problem({ code: "media_expired", detail: "Gone since 9 Mar 2026.", retryable: false }, 410));
    show(sticker(stream));
    await tap(/tap to view/);
    expect(await screen.findByText("Gone since 9 Mar 2026.")).toBeTruthy();
    expect(screen.queryByRole("button", { name: /retry|again/i })).toBeNull();
    expect(screen.getByRole("button", { name: "Hide" })).toBeTruthy();
  });

  it("while it is stored asks its URL for the reason, and loads again on a tap", async () => {
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

  it("as a video is not loaded again by itself", async () => {
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

  it("here alone can be downloaded instead", async () => {
    serve(bytes);
    show(sticker(stream));
    await tap(/tap to view/);
    fireEvent.error(await picture());
    expect(await screen.findByText(/cannot be shown here/)).toBeTruthy();
    expect(screen.getByRole("link", { name: /^Download/ })).toBeTruthy();
  });
});

describe("a video that becomes stored while it plays", () => {
  const variant = {
    kind: "playable",
    mimeType: "video/mp4",
    width: null,
    height: null,
    fileSize: 1,
    url: "/v/playable",
  };
  const stored: Partial<MediaFile> = {
    downloadStatus: "completed",
    detectedMimeType: "video/quicktime",
    variants: [variant, { ...variant, kind: "poster", mimeType: "image/webp", width: 320, url: "/v/poster" }],
    width: 320,
    height: 240,
    durationMs: 6000,
    integrity: "verified",
    storedAt: "2026-03-02T10:00:05Z",
  };

  it("goes on from where it is, in its place", async () => {
    const file = media({ ...onView, fileType: "video", mimeType: "video/mp4", width: null, height: null });
    vi.spyOn(HTMLMediaElement.prototype, "canPlayType").mockImplementation((type) =>
      type === "video/mp4" ? "probably" : "",
    );
    const load = vi.spyOn(HTMLMediaElement.prototype, "load");
    const { container, become } = show(file);
    await tap(/tap to view/);
    const video = container.querySelector("video");
    const size = video?.parentElement?.getAttribute("style");
    expect(video?.getAttribute("src")).toBe("/api/media/messages/3");
    load.mockClear();
    const changed = vi.fn();
    const watch = new MutationObserver(changed);
    if (video) watch.observe(video, { attributeFilter: ["src", "preload", "poster"] });
    become({ downloadStatus: "downloading" });
    become(stored);
    become({ ...stored, downloadStatus: "failed", lastError: downloadError() });
    expect(container.querySelector("video")).toBe(video);
    expect(video?.parentElement?.getAttribute("style")).toBe(size);
    await new Promise((resolve) => setTimeout(resolve));
    expect(changed).not.toHaveBeenCalled();
    expect(load).not.toHaveBeenCalled();
  });

  it("as a voice note too", async () => {
    vi.spyOn(HTMLMediaElement.prototype, "canPlayType").mockReturnValue("probably");
    vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
    const file = media({ ...onView, fileType: "audio", voice: true });
    const { become } = show(file);
    await tap(/tap to view/);
    const put = vi.spyOn(HTMLMediaElement.prototype, "src", "set");
    become({ downloadStatus: "completed", variants: [{ ...variant, mimeType: "audio/mp4" }] });
    fireEvent.click(screen.getByRole("button", { name: /Play|Pause/ }));
    expect(put).not.toHaveBeenCalled();
  });
});

it("a file that is not the declared one is shown with a warning", () => {
  show(sticker({ integrity: "mismatch" }));
  expect(screen.getByText(/Not exactly the file/)).toBeTruthy();
});
