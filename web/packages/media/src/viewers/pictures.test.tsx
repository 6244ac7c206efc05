import { act, fireEvent, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RETRY_AFTER_MS } from "../server/bytes";
import { useReach } from "../server/services";
import { media, variant } from "../test/fixtures";
import { beginCovered, problem, serve, show, sticker, stream } from "../test/viewer";
import { texts } from "../texts";

const HASH = "1QcSHQRnh493V4dIh4eXh1h4kJUI";
const photo = media({
  thumbhash: HASH,
  variants: [variant("thumb", { width: 320 }), variant("preview", { width: 1280 })],
});

beginCovered();
beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  // The server finds nothing wrong with what an element could not show.
  serve(() => new Response());
});
afterEach(() => vi.useRealTimers());

const sources = () => [...document.querySelectorAll("img")].map((image) => image.getAttribute("src") ?? "");
const isBlur = (url: string | undefined) => url?.startsWith("data:image/png") ?? false;
const asked = () => sources().filter((url) => !isBlur(url));
const shownPicture = () => document.querySelector('img[src^="/v/"]') as HTMLImageElement;
const failPicture = () => {
  const picture = [...document.querySelectorAll("img")].find((image) => !isBlur(image.src));
  fireEvent.error(picture as HTMLImageElement);
};
const wait = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));
const failTwice = async () => {
  failPicture();
  await wait(RETRY_AFTER_MS);
  failPicture();
};

describe("stored photo in the thread", () => {
  it("is shown by its preview over its blurred picture, in its final size", () => {
    const fetch = serve(() => new Response());
    show(photo);
    expect(sources().map((url) => isBlur(url) || url)).toEqual([true, "/v/thumb"]);
    expect(screen.getByRole("link").getAttribute("style")).toContain("width: 320px; height: 240px");
    expect(fetch).not.toHaveBeenCalled();
  });

  it("stands on a light ground where it is transparent", () => {
    const bytes = [...atob(HASH)].map((char) => char.charCodeAt(0));
    const transparent = btoa(String.fromCharCode(...bytes.with(2, (bytes[2] ?? 0) | 0x80)));
    show({ ...photo, thumbhash: transparent });
    show({ ...photo, id: 8 });
    const grounds = [...document.querySelectorAll('img[src="/v/thumb"]')].map(({ className }) =>
      className.includes("ground"),
    );
    expect(grounds).toEqual([true, false]);
  });

  it("is sharp on a dense screen", () => {
    vi.stubGlobal("devicePixelRatio", 2);
    show(photo);
    expect(asked()).toEqual(["/v/preview"]);
  });

  it("keeps its size and its picture when the record learns more of it", () => {
    const { become } = show({ ...photo, width: null, height: null });
    const size = () => screen.getByRole("link").getAttribute("style");
    const before = size();
    fireEvent.load(shownPicture());
    const picture = shownPicture();
    become({ width: 100, height: 300, variants: [variant("preview", { width: 1280 })] });
    expect(size()).toBe(before);
    expect(shownPicture()).toBe(picture);
    expect(asked()).toEqual(["/v/thumb"]);
  });

  it("is asked for once more where it fails, then is a blurred tile that opens", async () => {
    show(photo);
    failPicture();
    expect(asked()).toEqual([]);
    await wait(RETRY_AFTER_MS);
    expect(asked()).toEqual(["/v/thumb"]);
    failPicture();
    await wait(10 * RETRY_AFTER_MS);
    expect(asked()).toEqual([]);
    expect(isBlur(sources()[0])).toBe(true);
    expect(screen.getByText(texts.media.tapToView)).toBeTruthy();
    expect(screen.getByRole("link", { name: /^Open Photo from Ana/ })).toBeTruthy();
  });

  it("is asked for again when its record changes", async () => {
    const { become } = show({ ...photo, variants: [] });
    expect(asked()).toEqual(["/api/media/messages/3?variant=thumb"]);
    await failTwice();
    expect(asked()).toEqual([]);
    become({ variants: photo.variants, updatedAt: "2026-03-02T10:00:09Z" });
    expect(asked()).toEqual(["/v/thumb"]);
  });

  it("is asked for again when the server is back", async () => {
    show(photo);
    await failTwice();
    act(() => useReach.setState({ since: Date.now() }));
    expect(asked()).toEqual(["/v/thumb"]);
    act(() => useReach.setState({ since: 0 }));
  });

  it("is waited for where it is being made", async () => {
    const making = () => new Response(null, { status: 202, headers: { "Retry-After": "3" } });
    const fetch = serve(making, making, () => new Response());
    show(photo);
    failPicture();
    await wait(2_900);
    expect(fetch).toHaveBeenCalledExactlyOnceWith("/v/thumb", expect.anything());
    await wait(200);
    expect(fetch).toHaveBeenCalledTimes(2);
    expect(asked()).toEqual([]);
    await wait(6_000);
    expect(asked()).toEqual(["/v/thumb"]);
  });

  it("says why it cannot be made, is asked for once by all who show it, and can be downloaded", async () => {
    const detail = "the JPEG picture is damaged: it ends before it says its size";
    const fetch = serve(problem({ code: "not_found", detail, retryable: false }, 404));
    const damaged = { ...photo, variants: [] };
    const { unmount } = show(damaged);
    failPicture();
    await wait(60_000);
    expect(screen.getByText("The JPEG picture is damaged: it ends before it says its size.")).toBeTruthy();
    expect(screen.queryByText(texts.media.tapToView)).toBeNull();
    expect(screen.getByRole("link", { name: "Download Photo" }).getAttribute("href")).toContain("download=1");
    unmount();
    show(damaged);
    act(() => useReach.setState({ since: Date.now() }));
    await wait(60_000);
    expect(asked()).toEqual([]);
    expect(fetch).toHaveBeenCalledOnce();
    act(() => useReach.setState({ since: 0 }));
  });

  it("is not even asked for where its record says why there is none", () => {
    const fetch = serve(() => new Response());
    show({ ...photo, variants: [], variantsError: "the picture has too many pixels" });
    expect(screen.getByText("The picture has too many pixels.")).toBeTruthy();
    expect(screen.getByRole("link", { name: /^Open Photo from Ana/ })).toBeTruthy();
    expect(asked()).toEqual([]);
    expect(fetch).not.toHaveBeenCalled();
  });

  it("is never loaded itself, in whatever way its pictures fail", async () => {
    show(photo);
    await failTwice();
    expect(sources()).not.toContain(photo.url);
  });
});

it("file that is kept nowhere has no variants, and is covered", () => {
  show(media({ ...stream, variants: [] }));
  expect(screen.getByText(texts.media.tapToView)).toBeTruthy();
  expect(asked()).toEqual([]);
});

describe("sticker", () => {
  const still = [variant("thumb", { width: 320 })];

  it("is shown by its still", () => {
    show(sticker({ variants: still }));
    expect(asked()).toEqual(["/v/thumb"]);
  });

  it("that moves is shown as it is, but for people who want no motion", () => {
    const { unmount } = show(sticker({ animated: true, variants: still }));
    expect(asked()).toEqual(["/api/media/messages/3"]);
    unmount();
    const calm = { matches: true, addEventListener: () => {}, removeEventListener: () => {} };
    vi.spyOn(window, "matchMedia").mockReturnValue(calm as unknown as MediaQueryList);
    show(sticker({ animated: true, variants: still }));
    expect(asked()).toEqual(["/v/thumb"]);
  });

  it("of which nothing could be made says why", () => {
    show(sticker({ variants: [], variantsError: "the WebP picture is damaged" }));
    expect(screen.getByText("The WebP picture is damaged.")).toBeTruthy();
    expect(asked()).toEqual([]);
  });

  it("is shown as it is where its still fails", async () => {
    show(sticker({ variants: still }));
    await failTwice();
    expect(asked()).toEqual(["/api/media/messages/3"]);
  });
});

describe("stored video", () => {
  const clip = media({
    fileType: "video",
    durationMs: 65_000,
    thumbhash: HASH,
    variants: [variant("poster", { width: 640 })],
  });
  const video = () => document.querySelector("video") as HTMLVideoElement;

  it("shows its poster and its duration, and loads nothing of itself", () => {
    show(clip);
    expect(asked()).toEqual(["/v/poster"]);
    expect(video().getAttribute("preload")).toBe("none");
    expect(screen.getByText(/^1:05/)).toBeTruthy();
  });

  it("takes its shape when that is known, unless it is being watched", () => {
    vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
    const place = () => video().closest("section")?.getAttribute("style");
    const { become } = show({ ...clip, width: null, height: null });
    expect(place()).toContain("width: 300px; height: 225px");
    become({ width: 720, height: 1280 });
    expect(place()).toContain("width: 220px; height: 380px");
    const watched = show({ ...clip, id: 8, width: null, height: null });
    fireEvent.click(watched.getAllByRole("button", { name: "Play" })[1] as Element);
    watched.become({ width: 720, height: 1280 });
    expect(document.querySelectorAll("section")[1]?.getAttribute("style")).toContain("height: 225px");
  });

  it("keeps its poster until there is a frame to see", () => {
    vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
    show(clip);
    fireEvent.click(screen.getByRole("button", { name: "Play" }));
    expect(asked()).toEqual(["/v/poster"]);
    vi.spyOn(video(), "readyState", "get").mockReturnValue(2);
    fireEvent(video(), new Event("loadeddata"));
    expect(sources()).toEqual([]);
  });

  it("is blurred where its poster fails, and plays all the same", async () => {
    show(clip);
    await failTwice();
    expect(sources().every(isBlur)).toBe(true);
    expect(screen.getByRole("button", { name: "Play" })).toBeTruthy();
  });
});
