import { afterEach, describe, expect, it, vi } from "vitest";
import { askWhy, type FetchedFile, fetchFile } from "./bytes";
import { ApiError } from "./client";

afterEach(() => vi.unstubAllGlobals());

/** A body that comes in pieces, and breaks off after them if it is to. */
function pieces(sizes: number[], breaks = false, cancelled = () => {}) {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const size = sizes[at++];
      if (size !== undefined) controller.enqueue(new Uint8Array(size));
      else if (breaks) controller.error(new TypeError("network error"));
      else controller.close();
    },
    cancel: cancelled,
  });
}

function serve(body: ReadableStream | string, init: ResponseInit = {}) {
  const fetch = vi.fn(async () => new Response(body, init));
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

const options = () => ({ signal: new AbortController().signal, onProgress: vi.fn() });
const jpeg = { "Content-Type": "image/jpeg" };

describe("a file that is read", () => {
  it("is whole, of its type, under the server's name, and kept by no cache", async () => {
    const name = "attachment; filename=\"a.jpg\"; filename*=UTF-8''caf%C3%A9.jpg";
    const fetch = serve(pieces([10, 20]), { headers: { ...jpeg, "Content-Disposition": name } });
    const { blob, name: saveAs } = (await fetchFile("/f", options())) as FetchedFile;
    expect([blob.size, blob.type, saveAs]).toEqual([30, "image/jpeg", "café.jpg"]);
    expect(fetch).toHaveBeenCalledWith("/f", expect.objectContaining({ cache: "no-store" }));
  });

  it("reports how much has come, and of how much where that is known", async () => {
    const progress = options();
    serve(pieces([10, 20]), { headers: { ...jpeg, "Content-Length": "30" } });
    await fetchFile("/f", progress);
    expect(progress.onProgress).toHaveBeenCalledWith({ bytes: 10, total: 30 });
    serve(pieces([10]), { headers: jpeg });
    await fetchFile("/f", progress);
    expect(progress.onProgress).toHaveBeenLastCalledWith({ bytes: 10, total: null });
  });

  it.each([
    ["declared", { "Content-Length": "31" }],
    ["found on the way", {}],
  ])("is left to the browser where it is larger than a page may hold, %s", async (_, headers) => {
    const cancelled = vi.fn();
    serve(pieces([10, 21, 10], false, cancelled), { headers });
    expect(await fetchFile("/f", { ...options(), max: 30 })).toBe("large");
    expect(cancelled).toHaveBeenCalled();
  });

  it("is an error where its transfer breaks off", async () => {
    serve(pieces([10], true), { headers: jpeg });
    await expect(fetchFile("/f", options())).rejects.toMatchObject({ code: "interrupted" });
  });

  it.each(["text/html", "image/svg+xml", "application/xhtml+xml"])(
    "gets no type that could act as a page of ours: %s",
    async (type) => {
      serve("<script>", { headers: { "Content-Type": type } });
      expect(((await fetchFile("/f", options())) as FetchedFile).blob.type).toBe("application/octet-stream");
    },
  );

  it("says why it was refused", async () => {
    const problem = { code: "media_expired", detail: "Gone since May.", retryable: false };
    serve(JSON.stringify(problem), { status: 410 });
    const refused = await fetchFile("/f", options()).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ApiError);
    expect(refused).toMatchObject({ code: "media_expired", detail: "Gone since May.", status: 410 });
  });
});

describe("asking why a URL fails", () => {
  const signal = new AbortController().signal;

  it("reads the refusal", async () => {
    serve(JSON.stringify({ code: "provider_rate_limited", detail: "Wait.", retryAfterSeconds: 7 }), {
      status: 503,
    });
    expect(await askWhy("/f", signal)).toMatchObject({ detail: "Wait.", retryAfterSeconds: 7 });
  });

  it("reads no bytes where there is no refusal", async () => {
    const cancelled = vi.fn();
    serve(pieces([10, 10, 10], false, cancelled));
    expect(await askWhy("/f", signal)).toBeNull();
    expect(cancelled).toHaveBeenCalled();
  });

  it("gives no reason for a file that lies in a bucket", async () => {
    vi.stubGlobal("fetch", async () => ({ type: "opaqueredirect", ok: false }));
    expect(await askWhy("/f", signal)).toBeNull();
    expect(await fetchFile("/f", options())).toBe("elsewhere");
  });

  it("says so when the server is away", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    expect(await askWhy("/f", signal)).toMatchObject({ code: "network", status: 0 });
  });
});
