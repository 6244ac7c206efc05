import { act, renderHook, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Link, type LinkRequest, provideAccess } from "./access";
import { forgetLinks, useAddress, useAddresses } from "./address";
import { api } from "./client";

const file = { id: 7 };
const PATH = "/api/media/messages/3?variant=thumb";
const HOUR_MS = 3_600_000;

const expiresIn = (ms: number) => new Date(Date.now() + ms).toISOString();
const addressOf = (path: string | null) => renderHook(() => useAddress(file, path));

beforeEach(() => forgetLinks());
afterEach(() => {
  provideAccess({});
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("where an element loads a file", () => {
  it("is the page's own origin, unless another place was given", () => {
    expect(addressOf(PATH).result.current).toBe(PATH);
    provideAccess({ baseUrl: "https://crm.example/mediary/" });
    expect(addressOf(PATH).result.current).toBe(`https://crm.example/mediary${PATH}`);
    expect(addressOf("blob:1").result.current).toBe("blob:1");
    expect(addressOf(null).result.current).toBeNull();
  });

  it("is a link of its own for each form, asked for once however often it is shown", async () => {
    const link = vi.fn(async ({ variant }: LinkRequest) => ({
      url: `https://media.example/m/${variant}`,
      expiresAt: expiresIn(HOUR_MS),
    }));
    provideAccess({ baseUrl: "/mediary", link });
    const both = [addressOf(PATH), addressOf(PATH)];
    expect(both[0]?.result.current).toBeNull();
    for (const { result } of both)
      await waitFor(() => expect(result.current).toBe("https://media.example/m/thumb"));
    expect(link).toHaveBeenCalledExactlyOnceWith({ mediaId: 7, variant: "thumb", download: false });
    addressOf("/api/media/messages/3?download=1");
    expect(link).toHaveBeenLastCalledWith({ mediaId: 7, variant: null, download: true });
  });

  it("is not known before all of several are", async () => {
    const settle: ((link: Link) => void)[] = [];
    provideAccess({ link: () => new Promise((resolve) => settle.push(resolve)) });
    const { result } = renderHook(() => useAddresses(file, ["/a", "/b"]));
    await act(async () => settle[0]?.({ url: "https://x/a", expiresAt: expiresIn(HOUR_MS) }));
    expect(result.current).toBeNull();
    await act(async () => settle[1]?.({ url: "https://x/b", expiresAt: expiresIn(HOUR_MS) }));
    expect(result.current).toEqual(["https://x/a", "https://x/b"]);
  });

  it("is a new link where the last one soon ends, and stays what it was until that is there", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    let made = 0;
    const link = vi.fn(async () => ({ url: `https://x/${++made}`, expiresAt: expiresIn(HOUR_MS) }));
    provideAccess({ link });
    const first = addressOf(PATH);
    await waitFor(() => expect(first.result.current).toBe("https://x/1"));
    vi.setSystemTime(Date.now() + HOUR_MS - 60_000);
    const second = addressOf(PATH);
    expect(second.result.current).toBe("https://x/1");
    await waitFor(() => expect(second.result.current).toBe("https://x/2"));
    addressOf(PATH);
    expect(link).toHaveBeenCalledTimes(2);
  });

  it("is the file's own where no link is to be had, so that the server can say why", async () => {
    provideAccess({ baseUrl: "/mediary", link: () => Promise.reject(new Error("no")) });
    const { result } = addressOf(PATH);
    await waitFor(() => expect(result.current).toBe(`/mediary${PATH}`));
  });
});

describe("a page that has a key", () => {
  it("sends it with each request, and has Mediary sign the links of elements", async () => {
    const fetch = vi.fn(async (url: string, _init: RequestInit) =>
      Response.json(url.endsWith("signed-url") ? { url: "/m/token", expiresAt: expiresIn(HOUR_MS) } : {}),
    );
    vi.stubGlobal("fetch", fetch);
    provideAccess({ baseUrl: "https://media.example", authorize: () => ({ Authorization: "Bearer mdy_1" }) });
    const { result } = addressOf(PATH);
    await waitFor(() => expect(result.current).toBe("https://media.example/m/token"));
    await api.get("/api/media/7");
    expect(fetch.mock.calls.map(([url]) => url)).toEqual([
      "https://media.example/api/media/7/signed-url",
      "https://media.example/api/media/7",
    ]);
    for (const [, init] of fetch.mock.calls)
      expect(new Headers(init.headers).get("authorization")).toBe("Bearer mdy_1");
    expect(JSON.parse(String(fetch.mock.calls[0]?.[1].body))).toMatchObject({
      variant: "thumb",
      download: false,
    });
  });
});
