import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { downloadError, media, variant } from "../test/fixtures";
import { beginCovered, bytes, onView, picture, serve, show, sticker, stream, tap } from "../test/viewer";
import type { MediaFile } from "../types";
import { audioElement } from "./playback";
import { useReveal } from "./reveal";

beginCovered();

describe("a covered file", () => {
  it.each([
    [media({ fileType: "image" }), "Photo: tap to view, 2.4 MB"],
    [media({ fileType: "video", durationMs: 65_000 }), "Video: tap to view, 2.4 MB, 1:05"],
    [
      media({ fileType: "audio", voice: true, fileSize: null, durationMs: 7000 }),
      "Voice note: tap to listen, 0:07",
    ],
    [media({ fileType: "document", fileName: "Offer.pdf" }), "Document: tap to view, Offer.pdf, 2.4 MB"],
    [sticker({ fileSize: null }), "Sticker: tap to view"],
  ])("tells what it is, and fetches nothing", (file, name) => {
    const fetch = serve(bytes);
    const { container } = show({ ...file, ...stream });
    expect(screen.getByRole("button", { name })).toBeTruthy();
    expect(screen.getByText(/^Tap to (view|listen)$/)).toBeTruthy();
    expect(container.querySelector("img, video, a")).toBeNull();
    expect(fetch).not.toHaveBeenCalled();
  });

  it("becomes the file with a tap, and keeps the focus", async () => {
    serve(bytes);
    show(sticker(onView));
    screen.getByRole("button").focus();
    await tap(/tap to view/);
    expect((await picture()).getAttribute("src")).toMatch(/^blob:/);
    expect(document.activeElement?.contains(await picture())).toBe(true);
    expect(document.activeElement).not.toBe(document.body);
  });

  it("leaves a focus that is elsewhere", async () => {
    serve(bytes);
    show(sticker(onView));
    act(() => void useReveal.getState().reveal(7));
    await picture();
    expect(document.activeElement).toBe(document.body);
  });
});

describe("a file under stream", () => {
  it("is fetched again with each further tap, and can be covered again", async () => {
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

  it("opens and saves a document from the fetched bytes", async () => {
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

  it("never opens a web page from the fetched bytes", async () => {
    serve(() => new Response("<script>", { headers: { "Content-Type": "text/html" } }));
    show(media({ ...stream, fileType: "document", fileName: "Offer.html" }));
    await tap(/tap to view/);
    for (const link of await screen.findAllByRole("link")) {
      expect(link.getAttribute("download")).toBe("Offer.html");
    }
  });

  it("plays with the tap, again with the next, and stops once covered", async () => {
    const play = vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
    show(media({ ...stream, fileType: "audio", voice: true }));
    await tap(/tap to listen/);
    expect(audioElement().getAttribute("src")).toBe("/api/media/messages/3");
    await tap("View again");
    expect(audioElement().getAttribute("src")).toMatch(/^\/api\/whatsapp\/media\/900\?t=/);
    expect(play).toHaveBeenCalledTimes(2);
    await tap("Hide");
    expect(audioElement().getAttribute("src")).toBeNull();
  });
});

describe("a video that becomes stored while it plays", () => {
  const stored: Partial<MediaFile> = {
    downloadStatus: "completed",
    detectedMimeType: "video/quicktime",
    variants: [variant("playable", { mimeType: "video/mp4" }), variant("poster", { width: 320 })],
    width: 320,
    height: 240,
    durationMs: 6000,
    integrity: "verified",
    storedAt: "2026-03-02T10:00:05Z",
  };

  it("continues from where it is, in its place", async () => {
    const file = media({ ...onView, fileType: "video", mimeType: "video/mp4", width: null, height: null });
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

  it("continues a voice note too", async () => {
    vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
    const file = media({ ...onView, fileType: "audio", voice: true });
    const { become } = show(file);
    await tap(/tap to listen/);
    const put = vi.spyOn(HTMLMediaElement.prototype, "src", "set");
    become({ downloadStatus: "completed", variants: [variant("playable", { mimeType: "audio/mp4" })] });
    fireEvent.click(screen.getByRole("button", { name: /Play|Pause/ }));
    expect(put).not.toHaveBeenCalled();
  });
});
