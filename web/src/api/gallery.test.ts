import { conversationArchiveUrl, type GalleryFilter, type GalleryList } from "@mediary/media/gallery/list";
import { QueryClient } from "@tanstack/react-query";
import { afterEach, expect, it, vi } from "vitest";
import { galleryQuery } from "@/api/gallery";
import { media, page } from "@/test/fixtures";

const NO_FILTER: GalleryFilter = {
  types: [],
  status: "",
  direction: "",
  sender: "",
  fromDay: "",
  toDay: "",
  words: "",
};
const LIST: GalleryList = { scope: 4, filter: NO_FILTER, sort: "date", order: "desc", start: null };

afterEach(() => vi.unstubAllGlobals());

/** What the server was asked, one query string for each page. */
function serve() {
  const asked: URLSearchParams[] = [];
  vi.stubGlobal("fetch", async (url: string) => {
    const query = new URL(url, "http://mediary").searchParams;
    asked.push(query);
    const ids = query.get("order") === "asc" ? [11, 12] : [10, 9];
    return Response.json(
      page(
        ids.map((id) => media({ id })),
        query.has("cursor") ? null : "next",
      ),
    );
  });
  return asked;
}

const options = { queryKey: ["list"], initialPageParam: { side: "after" } };

it("a list opens at its beginning, and has nothing before that", async () => {
  const asked = serve();
  const client = new QueryClient();
  const data = await client.fetchInfiniteQuery({ ...galleryQuery(LIST), pages: 2 });
  expect(asked.map((query) => query.get("cursor"))).toEqual([null, "next"]);
  expect(asked[0]?.get("to")).toBeNull();
  const query = galleryQuery(LIST);
  expect(
    query.getPreviousPageParam?.(data.pages[0] as never, [], data.pageParams[0] as never, []),
  ).toBeUndefined();
});

it("a page on which nothing was found leads on to the next, until the list ends", async () => {
  const asked: (string | null)[] = [];
  const next = new Map([
    [null, "a"],
    ["a", "b"],
    ["b", "c"],
  ]);
  vi.stubGlobal("fetch", async (url: string) => {
    const cursor = new URL(url, "http://mediary").searchParams.get("cursor");
    asked.push(cursor);
    return Response.json(page(cursor === "b" ? [media({ id: 3 })] : [], next.get(cursor) ?? null));
  });
  const words = { ...LIST, filter: { ...NO_FILTER, words: "rare" } };
  const data = await new QueryClient().fetchInfiniteQuery({ ...galleryQuery(words), pages: 2 });
  expect(asked).toEqual([null, "a", "b", "c"]);
  expect(data.pages.map(({ items }) => items.length)).toEqual([1, 0]);
});

it("one that opens in its middle leads both ways from there, and is one list", async () => {
  const asked = serve();
  const start = "2026-02-01T00:00:00.000Z";
  const query = galleryQuery({ ...LIST, start });
  const fetchPage = (pageParam: object) =>
    query.queryFn?.({ ...options, pageParam, signal: new AbortController().signal } as never);
  const older = (await fetchPage({ side: "after" })) as { items: { id: number }[] };
  const before = query.getPreviousPageParam?.(older as never, [], { side: "after" } as never, []);
  const newer = (await fetchPage(before as object)) as { items: { id: number }[] };
  expect(asked[0]?.get("to")).toBe(start);
  expect(asked[0]?.get("order")).toBe("desc");
  expect(asked[1]?.get("from")).toBe(start);
  expect(asked[1]?.get("order")).toBe("asc");
  expect([...newer.items, ...older.items].map(({ id }) => id)).toEqual([12, 11, 10, 9]);
});

it("days are the person's own, and the last one counts", async () => {
  const asked = serve();
  const filter = {
    ...NO_FILTER,
    fromDay: "2026-03-02",
    toDay: "2026-03-02",
    types: ["image", "video"] as const,
  };
  await new QueryClient().fetchInfiniteQuery(galleryQuery({ ...LIST, filter }));
  expect(asked[0]?.getAll("fileType")).toEqual(["image", "video"]);
  expect(asked[0]?.get("from")).toBe(new Date(2026, 2, 2).toISOString());
  expect(asked[0]?.get("to")).toBe(new Date(2026, 2, 3).toISOString());
});

it("all of a conversation is one zip, as far as the server can be asked for that", () => {
  expect(conversationArchiveUrl(4, NO_FILTER)).toBe("/api/conversations/4/media/archive");
  expect(conversationArchiveUrl(4, { ...NO_FILTER, types: ["image"] })).toBe(
    "/api/conversations/4/media/archive?fileType=image",
  );
  expect(conversationArchiveUrl(4, { ...NO_FILTER, words: "invoice" })).toBeNull();
  expect(conversationArchiveUrl(4, { ...NO_FILTER, status: "failed" })).toBeNull();
});
