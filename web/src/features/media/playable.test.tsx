import { fireEvent, screen, waitFor } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import type { MediaFile } from "@/api/types";
import { audioElement } from "@/features/media/playback";
import { media, variant } from "@/test/fixtures";
import { beginCovered, bytes, serve, show } from "@/test/viewer";
import { texts } from "@/texts";

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
