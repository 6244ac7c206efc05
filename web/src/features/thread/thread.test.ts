import { describe, expect, it } from "vitest";
import { albumLines, lineHeight, shows, threadRows } from "@/features/thread/rows";
import { media, message, outgoing, T0 } from "@/test/fixtures";

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

describe("pictures that were sent together", () => {
  const photo = (id: number, minutes: number, fields = {}, file = {}) =>
    at(id, minutes, { type: "image", text: null, media: media({ id, messageId: id, ...file }), ...fields });
  const albums = (...messages: ReturnType<typeof photo>[]) =>
    threadRows(messages, null).flatMap((row): (number | number[])[] =>
      row.kind === "album"
        ? [row.messages.map(({ id }) => id)]
        : row.kind === "message"
          ? [row.message.id]
          : [],
    );

  it("are one row", () => {
    expect(albums(photo(1, 0), photo(2, 0.2), photo(3, 0.4))).toEqual([[1, 2, 3]]);
  });

  it("are apart where time, or something else, lies between them", () => {
    expect(albums(photo(1, 0), photo(2, 1.5))).toEqual([1, 2]);
    expect(albums(photo(1, 0), at(2, 0.1), photo(3, 0.2))).toEqual([1, 2, 3]);
    expect(albums(photo(1, 0), photo(2, 0.1, { direction: "outbound" }))).toEqual([1, 2]);
  });

  it("stand alone where they have more to say", () => {
    expect(albums(photo(1, 0), photo(2, 0.1, { caption: "Look" }), photo(3, 0.2), photo(4, 0.3))).toEqual([
      1,
      2,
      [3, 4],
    ]);
    expect(albums(photo(1, 0), photo(2, 0.1, { replyTo: 9 }))).toEqual([1, 2]);
    expect(albums(photo(1, 0), photo(2, 0.1, { revoked: true }))).toEqual([1, 2]);
    expect(albums(photo(1, 0), photo(2, 0.1, {}, { downloadStatus: "failed" }))).toEqual([1, 2]);
    expect(albums(photo(1, 0), photo(2, 0.1, {}, { policy: "stream", downloadStatus: "pending" }))).toEqual([
      1, 2,
    ]);
  });

  it("are together already while they come in, so that nothing moves once they are here", () => {
    expect(albums(photo(1, 0, {}, { downloadStatus: "downloading" }), photo(2, 0.1))).toEqual([[1, 2]]);
  });

  it("keep the key of their first, which is the row that it was alone", () => {
    const [one] = threadRows([photo(1, 0)], null).slice(-1);
    const [two] = threadRows([photo(1, 0), photo(2, 0.1)], null).slice(-1);
    expect(two?.key).toBe(one?.key);
    expect(two && shows(two, 2) && shows(two, 1) && !shows(two, 3)).toBe(true);
  });

  it("fill each line, two or three side by side", () => {
    for (let count = 2; count <= 12; count++) {
      const lines = albumLines(count);
      expect(lines.reduce((sum, line) => sum + line, 0)).toBe(count);
      for (const line of lines) expect(lineHeight(line)).toBeGreaterThan(100);
    }
    expect(albumLines(5)).toEqual([2, 3]);
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
