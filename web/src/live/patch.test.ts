import { describe, expect, it } from "vitest";
import { newerPosition } from "@/api/queries";
import {
  messagesInOrder,
  patchMediaList,
  patchThreadMedia,
  reachesNewest,
  removeMessage,
  upsertConversation,
  upsertMessage,
} from "@/live/patch";
import { conversation, media, message, page, thread } from "@/test/fixtures";

const ids = (messages: { id: number }[]) => messages.map(({ id }) => id);

describe("a thread", () => {
  it("is in order, each message once, though pages around a message overlap", () => {
    const overlapping = thread(
      [{ around: 4 }, [6, 5, 4]],
      [{ around: 3 }, [4, 3, 2]],
      [{ cursor: "x" }, [1]],
    );
    expect(ids(messagesInOrder(overlapping))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("prefers the newer version of a message that two pages hold", () => {
    const data = thread([{ around: 2 }, [2, 1]], [{}, [2]]);
    const edited = message(2, { text: "Edited", updatedAt: "2027-01-01T00:00:00Z" });
    data.pages[1] = page([edited]);
    expect(messagesInOrder(data).at(-1)?.text).toBe("Edited");
  });

  it("takes a new message at its end, in the place that its time gives it", () => {
    const late = message(9, { timestamp: message(2).timestamp });
    expect(ids(messagesInOrder(upsertMessage(thread([{}, [3, 2, 1]]), late)))).toEqual([1, 2, 9, 3]);
  });

  it("leaves a new message out while it does not reach the newest", () => {
    const detached = thread([{ around: 3 }, [5, 4, 3]]);
    expect(reachesNewest(detached)).toBe(false);
    expect(upsertMessage(detached, message(9))).toBe(detached);
  });

  it("replaces a message that it holds, wherever that is, and nothing else", () => {
    const before = thread([{}, [4, 3]], [{ cursor: "x" }, [2, 1]]);
    const after = upsertMessage(before, message(2, { revoked: true }));
    expect(messagesInOrder(after).find(({ id }) => id === 2)?.revoked).toBe(true);
    expect(after.pages[0]).toBe(before.pages[0]);
  });

  it("keeps what is newer than the answer that comes late", () => {
    const read = message(2, { status: "read", updatedAt: "2027-01-01T00:00:00Z" });
    const after = upsertMessage(thread([{}, [2, 1]]), read);
    const late = upsertMessage(after, message(2, { status: "queued", updatedAt: "2026-12-31T00:00:00Z" }));
    expect(messagesInOrder(late).at(-1)?.status).toBe("read");
  });

  it("compares times, not their text: the later one may be written longer", () => {
    const queued = message(2, { status: "queued", updatedAt: "2026-12-31T00:00:00.42Z" });
    const failed = message(2, { status: "failed", updatedAt: "2026-12-31T00:00:00.423Z" });
    const after = upsertMessage(upsertMessage(thread([{}, [2, 1]]), queued), failed);
    expect(messagesInOrder(after).at(-1)?.status).toBe("failed");
    expect(messagesInOrder(upsertMessage(after, queued)).at(-1)?.status).toBe("failed");
  });

  it("loses a message that was taken back, and no other", () => {
    const before = thread([{}, [4, 3]], [{ cursor: "x" }, [2, 1]]);
    const after = removeMessage(before, 3);
    expect(ids(messagesInOrder(after))).toEqual([1, 2, 4]);
    expect(after.pages[1]).toBe(before.pages[1]);
  });

  it("updates a file in its message", () => {
    const after = patchThreadMedia(thread([{}, [4, 3]]), media({ messageId: 3, downloadStatus: "failed" }));
    expect(messagesInOrder(after)[0]?.media?.downloadStatus).toBe("failed");
  });
});

describe("the position of newer messages", () => {
  it("ends where a page around a message brings nothing newer", () => {
    expect(newerPosition(page([message(5), message(4)]), { around: 5 })).toBeUndefined();
    expect(newerPosition(page([message(5), message(4)]), {})).toBeUndefined();
  });

  it("continues from the newest known, also after the newest pages were dropped", () => {
    expect(newerPosition(page([message(5), message(4)]), { around: 4 })).toEqual({ around: 5 });
    expect(newerPosition(page([message(5)]), { cursor: "x" })).toEqual({ around: 5 });
  });
});

describe("the conversation list", () => {
  const list = (...pages: ReturnType<typeof page<ReturnType<typeof conversation>>>[]) => ({
    pages,
    pageParams: pages.map(() => undefined),
  });
  const order = (data: Pick<ReturnType<typeof list>, "pages">) =>
    data.pages.flatMap(({ items }) => ids(items));

  it("moves a conversation with a new message to the top", () => {
    const before = list(page([conversation(1, 30), conversation(2, 20)], "c"), page([conversation(3, 10)]));
    const after = upsertConversation(before, conversation(3, 40, { unreadCount: 1 }));
    expect(order(after)).toEqual([3, 1, 2]);
    expect(after.pages[0]?.items[0]?.unreadCount).toBe(1);
  });

  it("adds a new conversation, also to an empty list", () => {
    expect(order(upsertConversation(list(page([])), conversation(1, 1)))).toEqual([1]);
    expect(order(upsertConversation(list(page([conversation(1, 30)])), conversation(2, 10)))).toEqual([1, 2]);
  });

  it("leaves out a conversation of a page not yet loaded", () => {
    const before = list(page([conversation(1, 30)], "c"));
    expect(order(upsertConversation(before, conversation(2, 10)))).toEqual([1]);
  });
});

it("a deleted file leaves the media list, a changed one stays in its place", () => {
  const list = { pages: [page([media({ id: 1 }), media({ id: 2 })])], pageParams: [undefined] };
  expect(patchMediaList(list, media({ id: 1, isActive: false })).pages[0]?.items).toHaveLength(1);
  const changed = patchMediaList(list, media({ id: 2, downloadStatus: "failed" }));
  expect(changed.pages[0]?.items[1]?.downloadStatus).toBe("failed");
});
