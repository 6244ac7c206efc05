import { describe, expect, it } from "vitest";
import { threadRows } from "@/features/thread/rows";
import { message, outgoing, T0 } from "@/test/fixtures";

const at = (id: number, minutes: number, fields = {}) =>
  message(id, { timestamp: new Date(T0 + minutes * 60_000).toISOString(), ...fields });
const kinds = (rows: ReturnType<typeof threadRows>) => rows.map(({ kind }) => kind);

describe("rows", () => {
  it("begin each day with its date", () => {
    const rows = threadRows([at(1, 0), at(2, 1), at(3, 24 * 60)], null);
    expect(kinds(rows)).toEqual(["top", "day", "message", "message", "day", "message"]);
  });

  it("have the mark of the new ones above the first of them", () => {
    expect(kinds(threadRows([at(1, 0), at(2, 1)], 2))).toEqual([
      "top",
      "day",
      "message",
      "unread",
      "message",
    ]);
  });

  it("group what one person wrote in two minutes", () => {
    const rows = threadRows([at(1, 0), at(2, 1), at(3, 9), at(4, 9.5, { direction: "outbound" })], null);
    const groups = rows.flatMap((row) =>
      row.kind === "message" ? [[row.firstOfGroup, row.lastOfGroup]] : [],
    );
    expect(groups).toEqual([
      [true, false],
      [false, true],
      [true, true],
      [true, true],
    ]);
  });

  it("keep their keys when older messages come in", () => {
    const before = threadRows([at(2, 1), at(3, 2)], null);
    const after = threadRows([at(1, 0), at(2, 1), at(3, 2)], null);
    const messages = (rows: typeof before) =>
      rows.filter(({ kind }) => kind === "message").map(({ key }) => key);
    expect(messages(after)).toEqual(expect.arrayContaining(messages(before)));
  });
});

describe("what is on its way out", () => {
  const messages = [at(1, 0), at(2, 1)];
  const last = (rows: ReturnType<typeof threadRows>) => rows.at(-1);

  it("stands below the newest message, in the form of one", () => {
    const failed = outgoing(1, { state: "failed", reason: "No." });
    expect(last(threadRows(messages, null, [failed]))).toMatchObject({
      outgoing: failed,
      message: { direction: "outbound", text: "Outgoing 1", status: "failed" },
    });
  });

  it("is the same row once the server has it, and is not shown twice", () => {
    const item = outgoing(1);
    const own = at(3, 2, { direction: "outbound", clientId: item.clientId });
    const before = threadRows(messages, null, [item]);
    const both = threadRows([...messages, own], null, [item]);
    expect(both.map(({ key }) => key)).toEqual(before.map(({ key }) => key));
    expect(last(both)).toMatchObject({ outgoing: null, message: own });
  });

  it("is the same message for the same item, so that its row renders no more", () => {
    const item = outgoing(1);
    const message = () => {
      const row = last(threadRows(messages, null, [item]));
      return row?.kind === "message" ? row.message : null;
    };
    expect(message()).toBe(message());
  });
});
