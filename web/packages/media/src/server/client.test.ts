import { afterEach, describe, expect, it, vi } from "vitest";
import { type ApiError, api, setSessionEndHandler } from "./client";

const answer = (response: () => Response | Promise<Response>) => {
  const fetch = vi.fn(async (_url: string, _init: RequestInit) => response());
  vi.stubGlobal("fetch", fetch);
  return fetch;
};
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: ApiError) => error,
  );

afterEach(() => vi.unstubAllGlobals());

describe("a refused request", () => {
  it("carries what the problem document says", async () => {
    const problem = { title: "T", status: 409, code: "conflict", detail: "Already there.", requestId: "r1" };
    answer(() => Response.json(problem, { status: 409 }));
    expect(await failure(api.get("/api/x"))).toMatchObject({
      status: 409,
      code: "conflict",
      detail: "Already there.",
      requestId: "r1",
    });
  });

  it("is an error as well where a proxy answered in its own words", async () => {
    answer(
      () =>
        new Response("<html>", { status: 502, statusText: "Bad Gateway", headers: { "Retry-After": "7" } }),
    );
    expect(await failure(api.get("/api/x"))).toMatchObject({
      status: 502,
      retryable: true,
      retryAfterSeconds: 7,
    });
  });

  it("is a network error where nobody answered", async () => {
    answer(() => Promise.reject(new TypeError("failed")));
    expect(await failure(api.get("/api/x"))).toMatchObject({ status: 0, code: "network", retryable: true });
  });

  it("ends the session on 401, but for the log-in itself", async () => {
    const ended = vi.fn();
    setSessionEndHandler(ended);
    answer(() => Response.json({}, { status: 401 }));
    await failure(api.post("/api/auth/login", { body: {} }));
    expect(ended).not.toHaveBeenCalled();
    await failure(api.get("/api/conversations"));
    expect(ended).toHaveBeenCalledOnce();
  });
});

it("leaves empty values out of a query and encodes the others", async () => {
  const fetch = answer(() => Response.json({}));
  await api.get("/api/x", { query: { cursor: undefined, search: "", name: "a&b", limit: 5 } });
  expect(fetch.mock.calls[0]?.[0]).toBe("/api/x?name=a%26b&limit=5");
});

it("answers nothing for 204", async () => {
  answer(() => new Response(null, { status: 204 }));
  expect(await api.post("/api/x")).toBeUndefined();
});
