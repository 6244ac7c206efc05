import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { media } from "../test/fixtures";
import type { MediaFile } from "../types";
import { FileSource } from "./fileSource";
import { useProgress } from "./progress";
import { keepRecord } from "./services";

let asked: string[] = [];
let answers: Record<string, () => unknown> = {};
let ids = 500;
const fresh = (fields: Partial<MediaFile> = {}) => media({ id: ids++, ...fields });

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  answers = {};
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(url);
    const answer = answers[url]?.();
    return answer === undefined
      ? Response.json({ code: "not_found", title: "No" }, { status: 404 })
      : Response.json(answer);
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("the record of a file", () => {
  it("is asked for by the message, one of its attachments, or the file", async () => {
    const [own, second] = [fresh(), fresh({ part: 2 })];
    answers = {
      "/api/messages/3/media": () => own,
      "/api/messages/3": () => ({ media: own, attachments: [second] }),
      "/api/media/9": () => own,
    };
    const found = [];
    for (const reference of [{ messageId: 3 }, { messageId: 3, part: 2 }, { mediaId: 9 }]) {
      const source = new FileSource(reference);
      source.subscribe(() => {});
      await pass(0);
      found.push(source.state().media?.id);
    }
    expect(found).toEqual([own.id, second.id, own.id]);
  });

  it("is not asked for where the page has it", async () => {
    const known = fresh();
    const source = new FileSource({ mediaId: known.id }, known);
    source.subscribe(() => {});
    await pass(10_000);
    expect(asked).toEqual([]);
    expect(source.state().media).toBe(known);
  });

  it("says why it could not be had, and is asked for again by hand", async () => {
    const changed = vi.fn();
    const source = new FileSource({ mediaId: 9 });
    source.subscribe(changed);
    await pass(10_000);
    expect(source.state().error).toMatchObject({ status: 404 });
    expect([asked.length, changed.mock.calls.length]).toEqual([1, 1]);
    answers = { "/api/media/9": () => fresh() };
    source.retry();
    await pass(0);
    expect(source.state()).toMatchObject({ media: { fileType: "image" }, error: null });
  });

  it("is followed while its download is under way, and no longer", async () => {
    const file = fresh({ downloadStatus: "pending" });
    let status = "downloading";
    answers = {
      [`/api/media/${file.id}/status`]: () => ({ status, bytesDownloaded: 5, fileSize: 10 }),
      [`/api/media/${file.id}`]: () => ({ ...file, downloadStatus: status }),
    };
    const source = new FileSource({ mediaId: file.id }, file);
    source.subscribe(() => {});
    await pass(2_000);
    expect(source.state().media?.downloadStatus).toBe("downloading");
    expect(useProgress.getState().byMedia[file.id]).toEqual({ bytesDownloaded: 5, fileSize: 10 });
    status = "completed";
    await pass(2_000);
    expect(source.state().media?.downloadStatus).toBe("completed");
    expect(useProgress.getState().byMedia[file.id]).toBeUndefined();
    const before = asked.length;
    await pass(20_000);
    expect(asked).toHaveLength(before);
  });

  it("is asked for no more when nobody watches", async () => {
    const file = fresh({ downloadStatus: "downloading" });
    const source = new FileSource({ mediaId: file.id }, file);
    const leave = source.subscribe(() => {});
    await pass(2_000);
    expect(asked).toHaveLength(1);
    leave();
    await pass(20_000);
    expect(asked).toHaveLength(1);
  });

  it("becomes what another part of the page came to know of it", async () => {
    const file = fresh();
    const source = new FileSource({ mediaId: file.id }, file);
    source.subscribe(() => {});
    const newer = { ...file, isActive: false };
    keepRecord(newer);
    expect(source.state().media).toBe(newer);
  });
});
