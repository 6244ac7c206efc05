import { renderHook, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HELD_BYTES_MAX } from "../server/bytes";
import { media } from "../test/fixtures";
import { useReveal } from "./reveal";
import { fetchAgain, useFileView } from "./views";

const made: string[] = [];
const revoked: string[] = [];
const fetched = vi.fn<(url: string) => Promise<Response>>();

beforeEach(async () => {
  // What the last test showed is let go of.
  await new Promise((resolve) => setTimeout(resolve));
  made.length = 0;
  revoked.length = 0;
  fetched.mockReset().mockImplementation(async () => new Response("bytes"));
  vi.stubGlobal("fetch", fetched);
  vi.spyOn(URL, "createObjectURL").mockImplementation(() => {
    made.push(`blob:${made.length}`);
    return `blob:${made.length - 1}`;
  });
  vi.spyOn(URL, "revokeObjectURL").mockImplementation((url) => void revoked.push(url));
  useReveal.getState().hideAll();
});
afterEach(() => vi.unstubAllGlobals());

const stream = media({ policy: "stream", downloadStatus: "pending" });
const viewOf = (url: string, file = stream) => renderHook(() => useFileView(file, url));
const held = (view: { current: { kind: string } }) => waitFor(() => expect(view.current.kind).toBe("held"));

describe("a view of a file on demand", () => {
  it("is one download, however many places show it", async () => {
    const tile = viewOf("/one");
    const large = viewOf("/one");
    await held(tile.result);
    await held(large.result);
    expect(fetched).toHaveBeenCalledOnce();
    expect(large.result.current).toEqual(tile.result.current);
  });

  it("leaves nothing behind when the last place that showed it is gone", async () => {
    const tile = viewOf("/two");
    const large = viewOf("/two");
    await held(tile.result);
    tile.unmount();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(revoked).toEqual([]);
    large.unmount();
    await waitFor(() => expect(revoked).toEqual(made));
    expect(made).toHaveLength(1);
  });

  it("is covered when it is gone under stream, so that scrolling back fetches nothing", async () => {
    useReveal.getState().reveal(stream.id);
    const tile = viewOf("/three");
    await held(tile.result);
    tile.unmount();
    await waitFor(() => expect(useReveal.getState().views[stream.id]).toBeUndefined());
    expect(useReveal.getState().seen[stream.id]).toBe(true);
  });

  it("stays uncovered while a newer view of the same file continues", async () => {
    useReveal.getState().reveal(stream.id);
    const { result, rerender, unmount } = renderHook(({ url }) => useFileView(stream, url), {
      initialProps: { url: "/old" },
    });
    await held(result);
    rerender({ url: "/new" });
    await waitFor(() => expect(revoked).toEqual(["blob:0"]));
    expect(useReveal.getState().views[stream.id]).toBeDefined();
    await held(result);
    unmount();
  });

  it("is left to the browser where the page holds enough already", async () => {
    const large = new Blob([new Uint8Array(HELD_BYTES_MAX)]);
    fetched.mockImplementation(async () => new Response(large));
    const views = ["/a", "/b", "/c", "/d"].map((url) => viewOf(url));
    for (const view of views) await held(view.result);
    const last = viewOf("/e");
    await waitFor(() => expect(last.result.current).toEqual({ kind: "direct", because: "large" }));
    for (const { unmount } of [...views, last]) unmount();
  });

  it("ends its download when nobody waits for it any more", async () => {
    let signal: AbortSignal | undefined;
    vi.stubGlobal("fetch", (_: string, init: RequestInit) => {
      signal = init.signal ?? undefined;
      return new Promise(() => {});
    });
    viewOf("/slow").unmount();
    await waitFor(() => expect(signal?.aborted).toBe(true));
  });

  it("says why nothing came, and fetches again only on request", async () => {
    const problem = { code: "provider_unavailable", detail: "WhatsApp is away.", retryable: true };
    fetched.mockImplementationOnce(async () => Response.json(problem, { status: 502 }));
    const { result, unmount } = viewOf("/fails");
    await waitFor(() => expect(result.current.kind).toBe("failed"));
    expect(result.current).toMatchObject({ failure: { reason: "WhatsApp is away.", final: false } });
    expect(fetched).toHaveBeenCalledOnce();
    fetchAgain("/fails");
    await held(result);
    expect(fetched).toHaveBeenCalledTimes(2);
    unmount();
  });
});

it("a stored file is not fetched by the page, nor one that is stored while it is looked at", async () => {
  expect(viewOf("/stored", media()).result.current.kind).toBe("direct");
  const pending = media({ policy: "on_view", downloadStatus: "pending" });
  const { result, rerender, unmount } = renderHook(({ file }) => useFileView(file, "/becomes"), {
    initialProps: { file: pending },
  });
  await held(result);
  rerender({ file: media({ policy: "on_view", downloadStatus: "completed" }) });
  expect(result.current.kind).toBe("held");
  expect(fetched).toHaveBeenCalledOnce();
  unmount();
});
