import { useProgress } from "@mediary/media/server/progress";
import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keys, type ThreadData } from "@/api/queries";
import type { MediaFile, Message } from "@/api/types";
import { useNewFiles } from "@/live/newFiles";
import { Sync } from "@/live/sync";
import { conversation, media, message, page, thread, variant } from "@/test/fixtures";

const answers = new Map<string, unknown>();
const asked: string[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  answers.clear();
  asked.length = 0;
  vi.stubGlobal("fetch", (url: string) => {
    asked.push(url);
    return Promise.resolve(Response.json(answers.get(url) ?? {}));
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const threadOf = (client: QueryClient) => client.getQueryData<ThreadData>(keys.thread(1));

describe("events", () => {
  it("take a message away that is gone from the server", async () => {
    const client = new QueryClient();
    client.setQueryData(keys.thread(1), thread([{}, [2, 1]]));
    vi.stubGlobal("fetch", () => Promise.resolve(Response.json({ code: "not_found" }, { status: 404 })));
    new Sync(client).handle("message.updated", { conversationId: 1, messageId: 2 });
    await vi.advanceTimersByTimeAsync(100);
    expect(threadOf(client)?.pages[0]?.items.map(({ id }) => id)).toEqual([1]);
  });

  it("of an account make the list of accounts stale", () => {
    const client = new QueryClient();
    client.setQueryData(keys.accounts, []);
    new Sync(client).handle("account.updated", {});
    expect(client.getQueryState(keys.accounts)?.isInvalidated).toBe(true);
  });

  it("that were missed do not have a long gallery asked for again, page by page", () => {
    const client = new QueryClient();
    const pages = (count: number) => Array.from({ length: count }, () => page([media()]));
    client.setQueryData(["gallery", 1, "long"], { pages: pages(6), pageParams: [] });
    client.setQueryData(["gallery", 1, "short"], { pages: pages(5), pageParams: [] });
    new Sync(client).resync();
    expect(client.getQueryState(["gallery", 1, "long"])?.isInvalidated).toBe(false);
    expect(client.getQueryState(["gallery", 1, "short"])?.isInvalidated).toBe(true);
  });

  it("that bring a file note it for the galleries that are open", async () => {
    answers.set("/api/media/7", media({ id: 7 }));
    new Sync(new QueryClient()).handle("media.completed", { conversationId: 1, mediaId: 7 });
    await vi.advanceTimersByTimeAsync(100);
    expect(useNewFiles.getState().files.map(({ id }) => id)).toEqual([7]);
  });

  it("of a file that was deleted take it out of the galleries", async () => {
    const client = new QueryClient();
    client.setQueryData(["gallery", "company"], {
      pages: [page([media({ id: 7 }), media({ id: 8 })])],
      pageParams: [],
    });
    answers.set("/api/media/7", media({ id: 7, isActive: false }));
    new Sync(client).handle("media.deleted", { conversationId: 1, mediaId: 7 });
    await vi.advanceTimersByTimeAsync(100);
    const list = client.getQueryData<{ pages: { items: MediaFile[] }[] }>(["gallery", "company"]);
    expect(list?.pages[0]?.items.map(({ id }) => id)).toEqual([8]);
  });

  it("of a reaction put nothing into the thread but on its message", async () => {
    const client = new QueryClient();
    client.setQueryData(keys.thread(1), thread([{}, [2, 1]]));
    answers.set("/api/messages/3", message(3, { type: "reaction" }));
    new Sync(client).handle("message.created", { conversationId: 1, messageId: 3 });
    await vi.advanceTimersByTimeAsync(100);
    expect(threadOf(client)?.pages[0]?.items.map(({ id }) => id)).toEqual([2, 1]);
  });

  it("bring a new message into the open thread and its conversation to the top", async () => {
    const client = new QueryClient();
    client.setQueryData(keys.thread(1), thread([{}, [2, 1]]));
    client.setQueryData(keys.conversations(""), {
      pages: [page([conversation(2, 30), conversation(1, 20)])],
      pageParams: [undefined],
    });
    answers.set("/api/messages/3", message(3));
    answers.set("/api/conversations/1", conversation(1, 40));
    new Sync(client).handle("message.created", { conversationId: 1, messageId: 3 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(threadOf(client)?.pages[0]?.items[0]?.id).toBe(3);
    expect(
      client.getQueryData<{ pages: { items: { id: number }[] }[] }>(keys.conversations(""))?.pages[0]
        ?.items[0]?.id,
    ).toBe(1);
  });

  it("that follow a new message at once leave it new: the files of its conversation are asked for again", async () => {
    const client = new QueryClient();
    client.setQueryData(keys.thread(1), thread([{}, [2, 1]]));
    answers.set("/api/messages/3", message(3, { media: media({ id: 7 }) }));
    const asks = vi.spyOn(client, "invalidateQueries");
    const sync = new Sync(client);
    sync.handle("message.created", { conversationId: 1, messageId: 3 });
    sync.handle("message.updated", { conversationId: 1, messageId: 3 });
    await vi.advanceTimersByTimeAsync(100);
    expect(asks).toHaveBeenCalledWith({ queryKey: keys.conversationMedia(1) });
  });

  it("do not fetch messages of threads that nobody has open", async () => {
    new Sync(new QueryClient()).handle("message.created", { conversationId: 1, messageId: 3 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked).toEqual(["/api/conversations/1"]);
  });

  it("of threads that nobody has open tell the last message, and how many came in", async () => {
    answers.set("/api/conversations/1", conversation(1, 40, { lastMessage: message(4) }));
    const elsewhere = vi.fn();
    const sync = new Sync(new QueryClient(), { elsewhere });
    for (const messageId of [3, 4]) sync.handle("message.created", { conversationId: 1, messageId });
    sync.handle("conversation.updated", { conversationId: 1 });
    await vi.advanceTimersByTimeAsync(1_000);
    sync.handle("conversation.updated", { conversationId: 1 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(elsewhere.mock.calls).toEqual([[message(4), 2]]);
  });

  it("tell what a changed message was before", async () => {
    const client = new QueryClient();
    client.setQueryData(keys.thread(1), thread([{}, [2, 1]]));
    const now = message(2, { revoked: true });
    answers.set("/api/messages/2", now);
    const told = vi.fn();
    new Sync(client, { message: told }).handle("message.updated", { conversationId: 1, messageId: 2 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told.mock.calls).toEqual([[now, { created: false, before: message(2) }]]);
  });

  it("that arrive together ask once for each record", async () => {
    const sync = new Sync(new QueryClient());
    for (let i = 0; i < 20; i++) sync.handle("conversation.updated", { conversationId: 1 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked).toEqual(["/api/conversations/1"]);
  });

  it("refetch what is shown instead of record by record in a flood", async () => {
    const client = new QueryClient();
    const invalidate = vi.spyOn(client, "invalidateQueries");
    const sync = new Sync(client);
    for (let id = 1; id <= 500; id++) sync.handle("conversation.updated", { conversationId: id });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(invalidate).toHaveBeenCalled();
    expect(asked.length).toBeLessThan(100);
  });

  it("touch only the progress store where they report progress", () => {
    const client = new QueryClient();
    client.setQueryData(keys.thread(1), thread([{}, [3]]));
    const before = threadOf(client);
    new Sync(client).handle("media.progress", {
      mediaId: 7,
      conversationId: 1,
      bytesDownloaded: 5,
      fileSize: 10,
    });
    expect(useProgress.getState().byMedia[7]).toEqual({ bytesDownloaded: 5, fileSize: 10 });
    expect(threadOf(client)).toBe(before);
  });

  it("put a finished file into its message and forget its progress", async () => {
    const client = new QueryClient();
    client.setQueryData(keys.thread(1), thread([{}, [3]]));
    answers.set("/api/media/7", media({ downloadStatus: "completed" }));
    const ended = vi.fn();
    const sync = new Sync(client, { media: ended });
    sync.handle("media.progress", { mediaId: 7, bytesDownloaded: 5 });
    sync.handle("media.completed", { mediaId: 7, conversationId: 1, messageId: 3 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(threadOf(client)?.pages[0]?.items[0]?.media?.id).toBe(7);
    expect(useProgress.getState().byMedia[7]).toBeUndefined();
    expect(ended).toHaveBeenCalledOnce();
  });

  it.each([
    ["of the file", "media.completed", "/api/media/7"],
    ["of its message", "message.updated", "/api/messages/3"],
  ] as const)("%s bring what was made of it to wherever it is shown", async (_, name, url) => {
    const client = new QueryClient();
    const file = media();
    const made = media({ thumbhash: "1QcS", variants: [variant("thumb")] });
    const recent = [...keys.conversationMedia(1), { limit: 12 }];
    client.setQueryData(keys.thread(1), thread([{}, [3]]));
    client.setQueryData(keys.message(3), message(3, { media: file }));
    client.setQueryData(recent, { pages: [page([file])], pageParams: [undefined] });
    answers.set(url, url.includes("messages") ? message(3, { media: made }) : made);
    new Sync(client).handle(name, { mediaId: 7, conversationId: 1, messageId: 3 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(threadOf(client)?.pages[0]?.items[0]?.media).toEqual(made);
    expect(client.getQueryData<Message>(keys.message(3))?.media).toEqual(made);
    expect(client.getQueryData(keys.mediaByMessage(3, 0))).toEqual(made);
    expect(client.getQueryData<MediaPages>(recent)?.pages[0]?.items).toEqual([made]);
  });
});

it("a server that is back is asked again for what it did not answer, and for nothing else", async () => {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  let away = true;
  const fails = vi.fn(async () => {
    if (away) throw new Error("away");
    return "here";
  });
  const works = vi.fn(async () => "here");
  const observers = [
    new QueryObserver(client, { queryKey: ["fails"], queryFn: fails }),
    new QueryObserver(client, { queryKey: ["works"], queryFn: works, staleTime: Number.POSITIVE_INFINITY }),
  ];
  for (const observer of observers) observer.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(10);
  expect(observers[0]?.getCurrentResult().isError).toBe(true);
  away = false;
  new Sync(client).retryFailed();
  await vi.advanceTimersByTimeAsync(10);
  expect(observers[0]?.getCurrentResult().data).toBe("here");
  expect(works).toHaveBeenCalledOnce();
});

type MediaPages = { pages: { items: MediaFile[] }[] };
