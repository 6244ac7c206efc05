import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { media, variant } from "../test/fixtures";
import { beginCovered, bytes, problem, serve, show, tap } from "../test/viewer";
import { texts } from "../texts";
import type { MediaFile } from "../types";
import { audioElement } from "./playback";

beginCovered();

const made = (mimeType: string) => [variant("playable", { mimeType, fileSize: null })];
const stored: Partial<MediaFile> = { downloadStatus: "completed", storedAt: "2026-03-02T10:00:05Z" };

describe("a file in a form that every browser plays", () => {
  it("is a video's first source, then comes the file as it is, then the reason", async () => {
    const file = {
      ...stored,
      fileType: "video",
      mimeType: "video/mp4",
      variants: made("video/mp4"),
    } as const;
    serve(bytes);
    const { container } = show(media(file));
    const video = () => container.querySelector("video") as HTMLVideoElement;
    expect(video().getAttribute("src")).toBe("/v/playable");
    fireEvent.error(video());
    await waitFor(() => expect(video().getAttribute("src")).toBe(media(file).url));
    fireEvent.error(video());
    expect(await screen.findByText(texts.media.unplayable)).toBeTruthy();
  });

  it("is a voice note's first source, then comes the file as it is", async () => {
    serve(bytes);
    vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
    const file = { ...stored, fileType: "audio", voice: true, variants: made("audio/mp4") } as const;
    show(media(file));
    fireEvent.click(screen.getByRole("button", { name: /Play/ }));
    expect(audioElement().getAttribute("src")).toBe("/v/playable");
    const error = vi.spyOn(HTMLMediaElement.prototype, "error", "get");
    error.mockReturnValue({ code: 4 } as MediaError);
    fireEvent.error(audioElement());
    await waitFor(() => expect(audioElement().getAttribute("src")).toBe(media(file).url));
    error.mockReturnValue(null);
    fireEvent(audioElement(), new Event("emptied"));
    error.mockReturnValue({ code: 4 } as MediaError);
    fireEvent.error(audioElement());
    expect(await screen.findByText(texts.media.unplayable)).toBeTruthy();
  });
});

describe("a file that plays only in another form", () => {
  const amr = media({ ...stored, fileType: "audio", voice: true, mimeType: "audio/amr", fileSize: 9_000 });
  const hevc = media({ ...stored, fileType: "video", mimeType: "video/mp4", unplayable: "HEVC" });
  const seconds = (wait: number) => ({ status: 202, headers: { "Retry-After": `${wait}` } });
  const playButton = () => screen.findByRole("button", { name: "Play" });
  const refused = problem({ code: "not_found", detail: "the recording is damaged", retryable: false }, 404);
  const video = () => document.querySelector("video");

  it("is said to be made, is asked for as often as the server wants, and then plays", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
    const fetch = serve(() => new Response(null, seconds(5)), bytes);
    show(amr);
    expect(screen.getByText(texts.media.making)).toBeTruthy();
    await act(() => vi.advanceTimersByTimeAsync(4_900));
    expect(fetch).toHaveBeenCalledExactlyOnceWith(`${amr.url}?variant=playable`, expect.anything());
    await act(() => vi.advanceTimersByTimeAsync(200));
    expect(fetch).toHaveBeenCalledTimes(2);
    fireEvent.click(await playButton());
    expect(audioElement().getAttribute("src")).toBe(`${amr.url}?variant=playable`);
    vi.useRealTimers();
  });

  it("plays once its record lists that form", async () => {
    vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
    serve(() => new Response(null, seconds(60)));
    const { become } = show(amr);
    expect(screen.getByText(texts.media.making)).toBeTruthy();
    become({ unplayable: "AMR", variants: made("audio/mp4") });
    fireEvent.click(await playButton());
    expect(audioElement().getAttribute("src")).toBe("/v/playable");
  });

  it("was shown, and failed, before anything was known of it: then it plays, too", async () => {
    serve(bytes);
    const { become } = show({ ...hevc, unplayable: null });
    expect(video()?.getAttribute("src")).toBe(hevc.url);
    fireEvent.error(video() as Element);
    expect(await screen.findByText(texts.media.unplayable)).toBeTruthy();
    become({ variants: made("video/mp4") });
    expect(video()?.getAttribute("src")).toBe("/v/playable");
    become({ variants: [variant("playable", { url: "/v/playable2" })] });
    expect(video()?.getAttribute("src")).toBe("/v/playable2");
  });

  it("was played, and failed, before anything was known of it: then it plays, too", async () => {
    vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
    serve(bytes);
    const { become } = show({ ...amr, mimeType: "audio/aac" });
    fireEvent.click(await playButton());
    const error = vi.spyOn(HTMLMediaElement.prototype, "error", "get");
    error.mockReturnValue({ code: 4 } as MediaError);
    fireEvent.error(audioElement());
    expect(await screen.findByText(texts.media.unplayable)).toBeTruthy();
    become({ unplayable: "AMR", variants: made("audio/mp4") });
    fireEvent.click(await playButton());
    expect(audioElement().getAttribute("src")).toBe("/v/playable");
    error.mockReturnValue(null);
  });

  it("says why where it cannot be made, is asked for once, and has no retry", async () => {
    const fetch = serve(refused);
    const { unmount } = show({ ...hevc });
    unmount();
    const { become } = show(hevc);
    expect(
      await screen.findByText(/^It cannot be played here: HEVC\. .* The recording is damaged\.$/),
    ).toBeTruthy();
    expect(screen.queryByRole("button")).toBeNull();
    expect(screen.getByRole("link", { name: /^Download/ })).toBeTruthy();
    const asked = fetch.mock.calls.length;
    show(hevc);
    expect(fetch).toHaveBeenCalledTimes(asked);
    become({ updatedAt: "2026-03-02T10:00:09Z" });
    await waitFor(() => expect(fetch).toHaveBeenCalledTimes(asked + 1));
  });

  it("is not asked for where its record says that nothing more can be made of it", () => {
    const fetch = serve(refused);
    show({ ...hevc, variantsError: "videos beyond ten minutes are not converted" });
    expect(screen.getByText(/HEVC.* Videos beyond ten minutes are not converted\.$/)).toBeTruthy();
    expect(fetch).not.toHaveBeenCalled();
  });

  it("is played as it is where the browser can", () => {
    vi.spyOn(HTMLMediaElement.prototype, "canPlayType").mockReturnValue("probably");
    show(hevc);
    expect(video()?.getAttribute("src")).toBe(hevc.url);
  });

  it("is asked for again by a retry, and so is its record", async () => {
    const away = problem({ code: "internal", detail: "Something broke.", retryable: false }, 500);
    const fetch = serve(bytes);
    const { container } = show({ ...hevc, unplayable: null });
    fireEvent.error(video() as Element);
    await screen.findByText(texts.media.unplayable);
    serve(away);
    await tap("Retry");
    expect(globalThis.fetch).toHaveBeenCalledWith("/api/media/7", expect.anything());
    expect(container.querySelector("video")).not.toBeNull();
    expect(fetch).toHaveBeenCalledOnce();
  });
});

describe("a video of which the browser plays only the sound", () => {
  const clip = media({ ...stored, fileType: "video", mimeType: "video/mp4" });
  const video = () => document.querySelector("video") as HTMLVideoElement;
  const poster = () => document.querySelector('img[src="/v/poster"]');
  const learnSize = (width: number) => {
    Object.defineProperty(video(), "videoWidth", { value: width, configurable: true });
    fireEvent(video(), new Event("loadedmetadata"));
  };

  it("says so, with its poster in its place, and can be downloaded", async () => {
    vi.spyOn(HTMLMediaElement.prototype, "canPlayType").mockReturnValue("maybe");
    serve(bytes);
    show({ ...clip, unplayable: "HEVC", variants: [variant("poster")] });
    learnSize(0);
    expect(await screen.findByText(texts.media.unplayableFormat("HEVC"))).toBeTruthy();
    expect(document.querySelector("video")).toBeNull();
    expect(poster()).not.toBeNull();
    expect(screen.queryByRole("button")).toBeNull();
    expect(screen.getByRole("link", { name: /^Download/ })).toBeTruthy();
  });

  it("plays in its other form, where there is one", async () => {
    serve(bytes);
    show({ ...clip, variants: made("video/mp4") });
    learnSize(0);
    await waitFor(() => expect(video().getAttribute("src")).toBe(clip.url));
    learnSize(0);
    expect(await screen.findByText(texts.media.unplayable)).toBeTruthy();
  });

  it("plays where it has pictures, and where it has none by its record", () => {
    const { unmount } = show(clip);
    learnSize(640);
    expect(video()).not.toBeNull();
    unmount();
    show({ ...clip, width: null, durationMs: 4_000 });
    learnSize(0);
    expect(video()).not.toBeNull();
  });

  it("keeps its poster while another form of it is made", () => {
    serve(() => new Response(null, { status: 202 }));
    show({ ...clip, unplayable: "HEVC", variants: [variant("poster")] });
    expect(screen.getByText(texts.media.making)).toBeTruthy();
    expect(poster()).not.toBeNull();
  });
});
