import { afterEach, describe, expect, it, vi } from "vitest";
import { media } from "../test/fixtures";
import type { GalleryList } from "./list";
import { PagedFiles } from "./pagedFiles";
import { NO_FILTER } from "./store";

const LIST: GalleryList = { scope: 1, filter: NO_FILTER, sort: "date", order: "desc", start: null };

/** A server with files from the newest, of which it gives two at a time. */
function serve(ids: number[], failing: (url: URL) => boolean = () => false) {
  const asked: URL[] = [];
  vi.stubGlobal("fetch", async (path: string) => {
    const url = new URL(path, "http://mediary");
    asked.push(url);
    if (failing(url)) return Response.json({ code: "internal", title: "No" }, { status: 500 });
    const from = Number(url.searchParams.get("cursor") ?? 0);
    const own = url.searchParams.get("order") === "asc" ? ids.toReversed() : ids;
    const items = own.slice(from, from + 2).map((id) => media({ id }));
    const hasMore = from + 2 < own.length;
    return Response.json({ items, hasMore, nextCursor: hasMore ? String(from + 2) : null });
  });
  return asked;
}

const idsOf = (paged: PagedFiles) => paged.state().files.map(({ id }) => id);
const idle = (paged: PagedFiles) => vi.waitFor(() => expect(paged.state().busy).toBe(false));

afterEach(() => vi.unstubAllGlobals());

describe("a list of files", () => {
  it("is loaded when somebody watches, page by page, each file once", async () => {
    const asked = serve([9, 8, 8, 7, 6]);
    const paged = new PagedFiles(LIST);
    expect(asked).toEqual([]);
    paged.subscribe(() => {});
    await idle(paged);
    expect(idsOf(paged)).toEqual([9, 8]);
    paged.loadAfter();
    paged.loadAfter();
    await idle(paged);
    expect(asked).toHaveLength(2);
    expect(idsOf(paged)).toEqual([9, 8, 7]);
    paged.loadAfter();
    await idle(paged);
    expect([idsOf(paged), paged.state().hasMore]).toEqual([[9, 8, 7, 6], false]);
    paged.loadAfter();
    paged.loadBefore();
    expect(asked).toHaveLength(3);
  });

  it("that was opened in its middle goes on in both directions", async () => {
    const asked = serve([3, 2, 1]);
    const paged = new PagedFiles({ ...LIST, start: "2026-02-01T00:00:00Z" });
    paged.subscribe(() => {});
    await idle(paged);
    paged.loadBefore();
    await idle(paged);
    expect(asked.map(({ searchParams }) => [searchParams.get("to"), searchParams.get("from")])).toEqual([
      ["2026-02-01T00:00:00Z", null],
      [null, "2026-02-01T00:00:00Z"],
    ]);
    // The page before stands first, the other way round than it came.
    expect(idsOf(paged)).toEqual([2, 1, 3]);
  });

  it("says why nothing came, and asks again by hand only", async () => {
    let fails = true;
    const asked = serve([1], () => fails);
    const paged = new PagedFiles(LIST);
    paged.subscribe(() => {});
    await idle(paged);
    expect([paged.state().isPending, paged.state().error?.message]).toEqual([true, "No"]);
    paged.loadAfter();
    expect(asked).toHaveLength(1);
    fails = false;
    paged.state().retry();
    await idle(paged);
    expect([idsOf(paged), paged.state().error]).toEqual([[1], null]);
  });

  it("keeps what it has where the rest fails", async () => {
    let fails = false;
    const asked = serve([3, 2, 1], () => fails);
    const paged = new PagedFiles(LIST);
    paged.subscribe(() => {});
    await idle(paged);
    fails = true;
    paged.loadAfter();
    await idle(paged);
    paged.loadAfter();
    expect(asked).toHaveLength(2);
    fails = false;
    paged.state().retryMore?.();
    await idle(paged);
    expect(idsOf(paged)).toEqual([3, 2, 1]);
  });

  it("gives up its request when nobody watches any more, and begins again with the next who does", async () => {
    serve([2, 1]);
    const paged = new PagedFiles(LIST);
    paged.subscribe(() => {})();
    await new Promise((resolve) => setTimeout(resolve));
    expect(idsOf(paged)).toEqual([]);
    paged.subscribe(() => {});
    await idle(paged);
    expect(idsOf(paged)).toEqual([2, 1]);
  });
});
