import { thumbHashToDataURL } from "thumbhash";
import { beforeEach, expect, it, vi } from "vitest";
import { blurOf, KEPT_MAX } from "@/lib/thumbhash";

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
