import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterContextProvider,
} from "@tanstack/react-router";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { afterEach, beforeEach, vi } from "vitest";
import type { MediaFile } from "@/api/types";
import { MediaViewer } from "@/features/media/MediaViewer";
import { stopAudio } from "@/features/media/playback";
import { useReveal } from "@/features/media/reveal";
import { media } from "@/test/fixtures";

const client = new QueryClient();
const root = createRootRoute();
const conversation = createRoute({ getParentRoute: () => root, path: "/c/$conversationId" });
const history = createMemoryHistory({ initialEntries: ["/c/1"] });
const router = createRouter({ routeTree: root.addChildren([conversation]), history });

/** What the inbox gives to everything in it. */
export const inInbox = (children: ReactNode) => (
  <RouterContextProvider router={router}>
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  </RouterContextProvider>
);

const viewer = (file: MediaFile) =>
  inInbox(<MediaViewer media={file} sender="Ana" timestamp={file.createdAt} caption={null} />);

/** Shows a file as the thread does; `become` is what its record turns into. */
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
