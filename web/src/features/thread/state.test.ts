import { describe, expect, it } from "vitest";
import {
  freshCount,
  isNews,
  nthNewestInbound,
  openThread,
  type ThreadAction,
  type ThreadState,
  type Told,
  threadReducer,
  wantedMessage,
} from "@/features/thread/state";
import { message } from "@/test/fixtures";

const ours = (id: number) => message(id, { direction: "outbound" });
const of = (...ids: number[]) => ids.map((id) => message(id));
const tell = (fields: Partial<Told>): ThreadAction => ({
  type: "told",
  told: { messages: of(1, 2, 3), attached: true, unread: 0, seeing: true, ...fields },
});
const away = { seeing: false };
const stateAfter = (link: number | undefined, ...actions: ThreadAction[]): ThreadState =>
  actions.reduce(threadReducer, openThread(link));

describe("the place that a thread holds", () => {
  const reader = { kind: "reader" };
  const at = (messageId: number, asked = false) => ({ kind: "message", messageId, asked });
  const moved: ThreadAction = { type: "moved" };
  const jump = (messageId: number): ThreadAction => ({ type: "jumped", messageId });

  it.each<[string, ThreadState, object]>([
    ["is the newest message at first", stateAfter(undefined), { kind: "end" }],
    ["is the message of the link", stateAfter(2), at(2)],
    ["is the reader's once they move", stateAfter(2, tell({}), moved), reader],
    ["is a message that somebody jumps to", stateAfter(undefined, tell({}), moved, jump(2)), at(2)],
    [
      "is the message of a link that comes later",
      stateAfter(undefined, tell({}), { type: "linked", link: 3 }),
      at(3),
    ],
    ["stays where the link goes away", stateAfter(2, tell({}), { type: "linked", link: undefined }), at(2)],
    ["is the end where that is asked for", stateAfter(2, moved, { type: "toEnd" }), { kind: "end" }],
    ["is the oldest message where that is asked for", stateAfter(2, { type: "toStart" }), { kind: "start" }],
    ["tells that its message was asked for", stateAfter(9, tell({}), { type: "asked" }), at(9, true)],
    ["is the newest where a link leads nowhere", stateAfter(9, { type: "missing" }), { kind: "end" }],
    [
      "is the reader's where a jump leads nowhere",
      stateAfter(undefined, tell({}), jump(9), { type: "missing" }),
      reader,
    ],
  ])("%s", (_, { place }, expected) => {
    expect(place).toEqual(expected);
  });

  it("is another one with each jump to the same message", () => {
    const once = stateAfter(undefined, tell({}), jump(2));
    expect(threadReducer(once, jump(2)).place).not.toBe(once.place);
  });

  it("stays the same one where the URL follows a jump", () => {
    const jumped = stateAfter(undefined, tell({}), jump(2));
    expect(threadReducer(jumped, { type: "linked", link: 2 }).place).toBe(jumped.place);
  });

  it("highlights its message until that has faded, and none that is missing", () => {
    expect(stateAfter(2).highlighted).toBe(2);
    expect(stateAfter(2, { type: "faded" }).highlighted).toBeNull();
    expect(stateAfter(2, { type: "missing" }).highlighted).toBeNull();
  });

  it.each<[string, ThreadState, number | null]>([
    ["is loaded", stateAfter(2, tell({})), null],
    ["is not loaded", stateAfter(9, tell({})), 9],
    ["is not loaded, but was asked for", stateAfter(9, tell({}), { type: "asked" }), null],
    ["may come with the first page", stateAfter(9), null],
  ])("wants its message fetched, or not, where it %s", (_, state, wanted) => {
    expect(wantedMessage(state)).toBe(wanted);
  });
});

describe("the mark of the new messages", () => {
  const four = of(1, 2, 3, 4);

  it.each<[string, ThreadState, number | null]>([
    ["by the unread count", stateAfter(undefined, tell({ unread: 2 })), 2],
    ["at none where all was read", stateAfter(undefined, tell({})), null],
    ["once the count is known", stateAfter(undefined, tell({ unread: null }), tell({ unread: 1 })), 3],
    [
      "once the newest are loaded",
      stateAfter(2, tell({ attached: false, unread: 1 }), tell({ messages: four, unread: 1 })),
      4,
    ],
    [
      "where it was, whatever comes",
      stateAfter(undefined, tell({ unread: 1 }), tell({ messages: four, ...away })),
      3,
    ],
    ["at what arrived unseen", stateAfter(undefined, tell({}), tell({ messages: four, ...away })), 4],
    ["at none that was seen", stateAfter(undefined, tell({}), tell({ messages: four })), null],
    [
      "at none of our own",
      stateAfter(undefined, tell({}), tell({ messages: [...of(1, 2, 3), ours(4)], ...away })),
      null,
    ],
  ])("stands %s", (_, { divider }, expected) => {
    expect(divider).toBe(expected);
  });

  it("counts only what came in", () => {
    const messages = [message(1), message(2), ours(3), message(4)];
    expect([2, 0, 50].map((n) => nthNewestInbound(messages, n))).toEqual([2, null, 1]);
  });
});

describe("what is new below the reader", () => {
  const up: ThreadAction = { type: "scrolled", atEnd: false };
  const end: ThreadAction = { type: "scrolled", atEnd: true };
  const more = tell({ messages: [...of(1, 2, 3, 4), ours(5), message(6)] });

  it.each<[string, ThreadState, number]>([
    ["what came in while they read further up", stateAfter(undefined, tell({}), up, more), 2],
    ["nothing at the end", stateAfter(undefined, tell({}), more), 0],
    ["nothing once they were at the end", stateAfter(undefined, tell({}), up, more, end, up), 0],
    ["nothing in a past without its newest", stateAfter(2, tell({ attached: false })), 0],
  ])("is %s", (_, state, count) => {
    expect(freshCount(state)).toBe(count);
  });

  it("is followed, but for the page that closes the gap to the newest", () => {
    const gap = stateAfter(2, tell({ attached: false }), tell({ messages: of(1, 2, 3, 4) }));
    expect(gap.follows).toBe(false);
    expect(threadReducer(gap, more).follows).toBe(true);
  });
});

it("a thread is told what changed, and nothing else", () => {
  const state = stateAfter(undefined, tell({}));
  expect(isNews(state, { ...state.told })).toBe(false);
  expect(isNews(state, { ...state.told, messages: [...state.told.messages] })).toBe(true);
  expect(isNews(state, { ...state.told, seeing: false })).toBe(true);
  expect(isNews(state, { ...state.told, unread: 4 })).toBe(true);
  expect(threadReducer(state, { type: "scrolled", atEnd: true })).toBe(state);
});
