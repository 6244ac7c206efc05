import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { tellArrival, tellChange } from "@/app/arrivals";
import { useAnnouncements } from "@/lib/announce";
import { chooseSound } from "@/lib/sound";
import { message } from "@/test/fixtures";

beforeEach(() => {
  vi.useFakeTimers();
  useAnnouncements.setState({ polite: [], assertive: [] });
});
afterEach(() => vi.useRealTimers());

const said = () => useAnnouncements.getState().polite.map(({ text }) => text);
const later = () => vi.advanceTimersByTime(1_500);
const from = (conversationId: number, text: string) =>
  message(1, { conversationId, text, senderName: `Person ${conversationId}` });

describe("what comes in is said", () => {
  it("each time, with who wrote what", () => {
    tellArrival(from(1, "one"));
    later();
    tellArrival(from(1, "two"));
    later();
    expect(said()).toEqual(["Person 1: one", "Person 1: two"]);
  });

  it("once for a burst, with the last words and how many", () => {
    for (let at = 1; at <= 60; at++) tellArrival(from(1, `x${at}`));
    later();
    expect(said()).toEqual(["Person 1: x60 (60 new messages)"]);
  });

  it("of other conversations as well, of many only how many", () => {
    for (const id of [1, 2, 3, 4, 5]) tellArrival(from(id, "hey"));
    later();
    expect(said()).toEqual([
      "Person 1: hey. Person 2: hey. Person 3: hey. New messages in 2 more conversations",
    ]);
  });
});

it("a message that is deleted or changed is said, and nothing else of it", () => {
  const before = from(1, "hello");
  tellChange({ ...before, status: "read" }, before);
  tellChange({ ...before, edited: true, text: "hello!" }, before);
  tellChange({ ...before, revoked: true }, before);
  tellChange({ ...before, direction: "outbound", revoked: true }, before);
  expect(said()).toEqual(["Person 1 edited a message: hello!", "Person 1 deleted a message"]);
});

describe("a sound", () => {
  const contexts = vi.fn();

  beforeEach(() => {
    const part = { connect() {}, start() {}, stop() {} };
    vi.stubGlobal("AudioContext", function AudioContext() {
      contexts();
      return { currentTime: 0, destination: {}, close: async () => {} };
    });
    for (const name of ["GainNode", "OscillatorNode"])
      vi.stubGlobal(name, function Part() {
        return part;
      });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    chooseSound(false);
    contexts.mockClear();
  });

  it("is heard once for a burst, and again for the next one, by who asked for it", () => {
    chooseSound(true);
    for (const id of [1, 2, 3]) tellArrival(from(id, "hey"));
    expect(contexts).toHaveBeenCalledOnce();
    later();
    tellArrival(from(1, "hey"));
    expect(contexts).toHaveBeenCalledTimes(2);
    later();
  });

  it("is not heard by who did not", () => {
    tellArrival(from(1, "hey"));
    later();
    expect(contexts).not.toHaveBeenCalled();
  });
});
