import { thumbHashToDataURL } from "thumbhash";
import { beforeEach, expect, it, vi } from "vitest";
import { blurOf, isTransparent, KEPT_MAX } from "./thumbhash";

vi.mock("thumbhash", () => ({ thumbHashToDataURL: vi.fn(() => "data:picture") }));
const decode = vi.mocked(thumbHashToDataURL);
beforeEach(() => void decode.mockClear());

const hash = (name: string) => btoa(name.padEnd(12, "."));

it("thumbhash is decoded once, however often it is shown", () => {
  expect([blurOf(hash("once")), blurOf(hash("once"))]).toEqual(["data:picture", "data:picture"]);
  expect(decode).toHaveBeenCalledOnce();
});

it("thumbhashes that are kept are bounded: the oldest goes for one too many", () => {
  for (let at = 0; at < KEPT_MAX; at++) blurOf(hash(`full ${at}`));
  decode.mockClear();
  blurOf(hash("full 0"));
  expect(decode).not.toHaveBeenCalled();
  blurOf(hash("one too many"));
  blurOf(hash("full 0"));
  expect(decode).toHaveBeenCalledTimes(2);
});

it.each([null, "", "not base64!", btoa("four")])("thumbhash that is none gives no picture: %s", (text) => {
  expect(blurOf(text)).toBeNull();
  expect(decode).not.toHaveBeenCalled();
});

it("thumbhash says whether its picture is transparent", () => {
  const opaque = "1QcSHQRnh493V4dIh4eXh1h4kJUI";
  const bytes = [...atob(opaque)].map((char) => char.charCodeAt(0));
  const transparent = btoa(String.fromCharCode(...bytes.with(2, (bytes[2] ?? 0) | 0x80)));
  expect([opaque, transparent, null, "not base64!"].map(isTransparent)).toEqual([false, true, false, false]);
});
