import { setSessionEndHandler } from "@mediary/media/server/client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { postForm } from "@/api/upload";

/** As much of XMLHttpRequest as an upload takes. */
class FakeRequest {
  static last: FakeRequest;
  upload: { onprogress?: (event: object) => void; onload?: () => void } = {};
  onload?: () => void;
  onerror?: () => void;
  onabort?: () => void;
  onloadend?: () => void;
  status = 0;
  statusText = "";
  responseText = "";
  readonly headers = new Map<string, string>();
  constructor() {
    FakeRequest.last = this;
  }
  open() {}
  setRequestHeader() {}
  send() {}
  getResponseHeader(name: string) {
    return this.headers.get(name) ?? null;
  }
  abort() {
    this.onabort?.();
    this.onloadend?.();
  }
  answer(status: number, body: object) {
    Object.assign(this, { status, responseText: JSON.stringify(body) });
    this.onload?.();
    this.onloadend?.();
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("XMLHttpRequest", FakeRequest);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const post = (onProgress: (share: number) => void = () => {}, signal = new AbortController().signal) =>
  postForm<{ id: number }>("/api/messages", new FormData(), { signal, onProgress });

it("an upload tells how much has left, and ends with the answer", async () => {
  const shares: number[] = [];
  const answer = post((share) => shares.push(share));
  FakeRequest.last.upload.onprogress?.({ loaded: 25, total: 100 });
  FakeRequest.last.upload.onprogress?.({ loaded: 100, total: 100 });
  FakeRequest.last.answer(201, { id: 7 });
  expect(await answer).toEqual({ id: 7 });
  expect(shares).toEqual([0.25, 1]);
});

it("a refusal brings the server's own reason", async () => {
  const answer = post();
  FakeRequest.last.answer(413, { code: "payload_too_large", detail: "too large", title: "Too large" });
  await expect(answer).rejects.toMatchObject({ status: 413, code: "payload_too_large", detail: "too large" });
});

it("a line on which nothing moves counts as lost", async () => {
  const answer = post();
  const lost = expect(answer).rejects.toMatchObject({ status: 0, code: "network", retryable: true });
  await vi.advanceTimersByTimeAsync(60_000);
  await lost;
});

it("the answer may take longer than the bytes: the server may have to convert them", async () => {
  const answer = post();
  FakeRequest.last.upload.onload?.();
  await vi.advanceTimersByTimeAsync(120_000);
  FakeRequest.last.answer(201, { id: 7 });
  expect(await answer).toEqual({ id: 7 });
});

it("who cancels ends the request", async () => {
  const stop = new AbortController();
  const answer = post(() => {}, stop.signal);
  stop.abort();
  await expect(answer).rejects.toMatchObject({ name: "AbortError" });
});

it("an upload that finds the session over says so", async () => {
  const ended = vi.fn();
  setSessionEndHandler(ended);
  const answer = post();
  FakeRequest.last.answer(401, { code: "unauthorized", detail: "Log in first.", title: "" });
  await expect(answer).rejects.toMatchObject({ status: 401 });
  expect(ended).toHaveBeenCalledOnce();
  setSessionEndHandler(() => {});
});
