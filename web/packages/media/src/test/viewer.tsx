import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, vi } from "vitest";
import type { MediaFile } from "../types";
import { MediaViewer } from "../viewers/MediaViewer";
import { stopAudio } from "../viewers/playback";
import { useReveal } from "../viewers/reveal";
import { media } from "./fixtures";

const viewer = (file: MediaFile) => (
  <MediaViewer media={file} sender="Ana" timestamp={file.createdAt} caption={null} />
);

/** Shows a file as a thread does; `become` is what its record turns into. */
export function show(file: MediaFile) {
  const view = render(viewer(file));
  const become = (fields: Partial<MediaFile>) => view.rerender(viewer({ ...file, ...fields }));
  return { ...view, become };
}

/** Every test of a file begins with nothing uncovered, held or playing. */
export function beginCovered(): void {
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
}

export const sticker = (fields: Partial<MediaFile>) => media({ fileType: "sticker", ...fields });
export const stream = { policy: "stream", downloadStatus: "pending" } as const;
export const onView = { policy: "on_view", downloadStatus: "pending" } as const;

/** What the server answers to each request in turn; the last answer again and again. */
export function serve(...answers: (() => Response)[]) {
  let asked = 0;
  const fetch = vi.fn(async (_url: string) => (answers[asked++] ?? answers.at(-1))?.() as Response);
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

export const bytes = () => new Response("bytes", { headers: { "Content-Type": "image/webp" } });
export const problem =
  (fields: object, status = 502) =>
  () =>
    Response.json(fields, { status });

export const picture = () => screen.findByAltText("Sticker from Ana") as Promise<HTMLImageElement>;
export const tap = (name: string | RegExp) => userEvent.click(screen.getByRole("button", { name }));
