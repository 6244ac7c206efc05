import { forgetGalleries, galleryOf, NO_FILTER, selectAll } from "@mediary/media/gallery/store";
import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { galleryKeys, galleryQuery } from "@/api/gallery";
import { deleteSelected, downloadZip, forwardFiles } from "@/features/gallery/actions";
import { media, page } from "@/test/fixtures";

const files = [
  media({ id: 1, messageId: 11 }),
  media({ id: 2, messageId: 12 }),
  media({ id: 3, messageId: 12 }),
];
const gone = { status: 404, code: "not_found", title: "Gone" };

beforeEach(() => {
  forgetGalleries();
  selectAll(1, files);
});
afterEach(() => vi.unstubAllGlobals());

const serve = (answer: (url: string, init: RequestInit) => Response) => {
  const fetch = vi.fn(async (url: string, init: RequestInit) => answer(url, init));
  vi.stubGlobal("fetch", fetch);
  return fetch;
};

it("what is deleted leaves its list and the selection", async () => {
  const client = new QueryClient();
  const list = { scope: 1, filter: NO_FILTER, sort: "date", order: "desc", start: null } as const;
  const { queryKey } = galleryQuery(list);
  client.setQueryData(queryKey, { pages: [page(files)], pageParams: [{ side: "after" }] });
  serve(() => new Response(null, { status: 204 }));
  await deleteSelected(1, client);
  expect(
    client.getQueryData<{ pages: [{ items: object[] }] }>(galleryKeys.list(list))?.pages[0].items,
  ).toEqual([]);
  expect(galleryOf(1)).toMatchObject({ notice: "3 files deleted" });
  expect(galleryOf(1).selected.size).toBe(0);
});

it("what could not be deleted stays selected, and is said with its reason", async () => {
  serve((url) =>
    url.endsWith("/2") ? Response.json(gone, { status: 404 }) : new Response(null, { status: 204 }),
  );
  await deleteSelected(1, new QueryClient());
  expect([...galleryOf(1).selected.keys()]).toEqual([2]);
  expect(galleryOf(1).notice).toBe("1 file could not be deleted. This does not exist, or no longer exists.");
});

it("a zip is asked for once for all, and its link is followed at this address", async () => {
  const fetch = serve(() =>
    Response.json({ url: "https://elsewhere.example/m/archive/t0ken" }, { status: 201 }),
  );
  const followed: string[] = [];
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    followed.push(this.getAttribute("href") ?? "");
  });
  await downloadZip(1);
  expect(JSON.parse(String(fetch.mock.calls[0]?.[1].body))).toEqual({ ids: [1, 2, 3] });
  expect(followed).toEqual(["/m/archive/t0ken"]);
  expect(galleryOf(1).notice).toContain("3 files");
});

it("no zip says why", async () => {
  serve(() => Response.json({ status: 503, code: "unavailable", title: "Busy" }, { status: 503 }));
  await downloadZip(1);
  expect(galleryOf(1).notice).toMatch(/^No zip could be made\. .+\.$/);
});

it("a message with two of the files is sent on once", async () => {
  const fetch = serve(() => Response.json({ items: [] }, { status: 201 }));
  await forwardFiles(1, files, [7, 8], "mine");
  expect(fetch.mock.calls.map(([url]) => url)).toEqual([
    "/api/messages/11/forward",
    "/api/messages/12/forward",
  ]);
  const bodies = fetch.mock.calls.map(([, { body }]) => JSON.parse(String(body)));
  expect(bodies).toEqual([
    { conversationIds: [7, 8], clientId: "mine-11" },
    { conversationIds: [7, 8], clientId: "mine-12" },
  ]);
  expect(galleryOf(1).selected.size).toBe(0);
  expect(galleryOf(1).notice).toBe("Forwarded to 2 conversations");
});
