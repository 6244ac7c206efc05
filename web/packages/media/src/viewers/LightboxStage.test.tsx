import { act, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RETRY_AFTER_MS } from "../server/bytes";
import { media, variant } from "../test/fixtures";
import { beginCovered, serve } from "../test/viewer";
import { texts } from "../texts";
import type { MediaFile } from "../types";
import { LightboxStage } from "./LightboxStage";
import { useZoom } from "./useZoom";

const photo = media({
  width: 4000,
  height: 3000,
  variants: [variant("thumb", { width: 320 }), variant("preview", { width: 1280 })],
});

/** What the page loads before it shows it. */
const preloaded = () => [...document.querySelectorAll<HTMLImageElement>("img[hidden]")];
const preloadedUrls = () => preloaded().map((image) => image.getAttribute("src"));

beginCovered();
beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  serve(() => new Response());
  stageOf(1000, 800);
});
afterEach(() => vi.useRealTimers());

function stageOf(width: number, height: number) {
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(width);
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(height);
}

function Stage({ file }: { file: MediaFile }) {
  const zoom = useZoom("one");
  return (
    <>
      <button type="button" onClick={zoom.zoomIn}>
        zoom
      </button>
      <LightboxStage media={file} about={null} zoom={zoom} />
    </>
  );
}

const show = (file: MediaFile) => render(<Stage file={file} />);
const picture = () => screen.getByRole("img") as HTMLImageElement;
const source = () => picture().getAttribute("src");
const failTwice = async () => {
  fireEvent.error(picture());
  await act(() => vi.advanceTimersByTimeAsync(RETRY_AFTER_MS));
  fireEvent.error(picture());
};

describe("picture in the large view", () => {
  it("is its preview, in the place of the file, which is not loaded", () => {
    show(photo);
    fireEvent.load(picture());
    expect(source()).toBe("/v/preview");
    expect([picture().width, picture().height]).toEqual([4000, 3000]);
    expect(preloadedUrls()).toEqual([]);
  });

  it("is the file once that has come, where it is zoomed", () => {
    show(photo);
    fireEvent.load(picture());
    fireEvent.click(screen.getByText("zoom"));
    expect(preloadedUrls()).toEqual([photo.url]);
    expect(source()).toBe("/v/preview");
    fireEvent.load(preloaded()[0] as HTMLImageElement);
    expect(source()).toBe(photo.url);
  });

  it("is the file at once on a screen that shows more pixels than the preview has", () => {
    vi.stubGlobal("devicePixelRatio", 2);
    show(photo);
    fireEvent.load(picture());
    expect(preloadedUrls()).toEqual([photo.url]);
  });

  it("stays at its preview where browsers do not show the file", () => {
    vi.stubGlobal("devicePixelRatio", 2);
    show({ ...photo, detectedMimeType: "image/heic" });
    fireEvent.load(picture());
    fireEvent.click(screen.getByText("zoom"));
    expect(preloadedUrls()).toEqual([]);
    expect(source()).toBe("/v/preview");
  });

  it("is the file where its preview fails", async () => {
    show(photo);
    await failTwice();
    expect(source()).toBe(photo.url);
  });

  it("has a light ground behind it where it is transparent", () => {
    const hash = "1QcSHQRnh493V4dIh4eXh1h4kJUI";
    const { unmount } = show({ ...photo, thumbhash: hash });
    expect(picture().className).not.toContain("ground");
    unmount();
    const bytes = [...atob(hash)].map((char) => char.charCodeAt(0));
    const thumbhash = btoa(String.fromCharCode(...bytes.with(2, (bytes[2] ?? 0) | 0x80)));
    show({ ...photo, thumbhash });
    expect(picture().className).toContain("ground");
  });

  it("that cannot be shown says why, with a download and no retry", async () => {
    const detail = "the HEIC picture is damaged: it cannot be decoded";
    show({ ...photo, detectedMimeType: "image/heic", variants: [], variantsError: detail });
    expect(screen.getByText("The HEIC picture is damaged: it cannot be decoded.")).toBeTruthy();
    expect(screen.queryByRole("button", { name: /retry/ })).toBeNull();
    expect(screen.getByRole("link", { name: /^Download/ })).toBeTruthy();
  });

  it("is tried as it is where nothing was made of it, and then says why, with no retry", () => {
    const asked = serve(() => new Response());
    show({ ...photo, variants: [], variantsError: "the JPEG picture is damaged" });
    expect(source()).toBe(photo.url);
    fireEvent.error(picture());
    expect(screen.getByText("The JPEG picture is damaged.")).toBeTruthy();
    expect(screen.queryByRole("button", { name: /retry/ })).toBeNull();
    expect(asked).not.toHaveBeenCalledWith(photo.url, expect.anything());
  });

  it("is to be downloaded where its preview fails and browsers do not show the file", async () => {
    show({ ...photo, detectedMimeType: "image/heic" });
    await failTwice();
    expect(screen.queryByRole("img")).toBeNull();
    expect(screen.getByText(texts.media.notShown)).toBeTruthy();
    expect(screen.getByRole("link", { name: /^Download/ })).toBeTruthy();
  });
});
