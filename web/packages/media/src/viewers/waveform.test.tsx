import { act, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { media, variant } from "../test/fixtures";
import { beginCovered, problem, serve, show, stream } from "../test/viewer";
import { SeekBar } from "./controls";
import { BARS, waveformOf } from "./peaks";
import { audioElement } from "./playback";

const peaks = (fields: object = {}) => ({
  version: 1,
  durationMs: 7000,
  peaks: Array.from({ length: 200 }, (_, at) => (at < 100 ? 255 : 0)),
  ...fields,
});

describe("waveform", () => {
  it("has as many bars as fit, each as high as the loudest peak of its part", () => {
    const bars = waveformOf(peaks())?.bars ?? [];
    expect(bars).toHaveLength(BARS);
    expect(bars.slice(0, BARS / 2)).toEqual(Array(BARS / 2).fill(1));
    expect(bars.slice(BARS / 2 + 1)).toEqual(Array(BARS / 2 - 1).fill(0));
    const click = Array(200).fill(0).with(77, 255);
    expect(waveformOf(peaks({ peaks: click }))?.bars.filter((bar) => bar === 1)).toHaveLength(1);
  });

  it("is drawn from fewer peaks than bars", () => {
    expect(waveformOf(peaks({ peaks: [0, 255] }))?.bars).toEqual([
      ...Array(24).fill(0),
      ...Array(24).fill(1),
    ]);
  });

  it.each([
    ["nothing", undefined],
    ["another version", peaks({ version: 2 })],
    ["no peaks", peaks({ peaks: [] })],
    ["more peaks than there can be", peaks({ peaks: Array(4097).fill(1) })],
    ["peaks that are louder than loud", peaks({ peaks: [256] })],
    ["words", peaks({ peaks: ["1"] })],
  ])("is not made up from %s", (_, answer) => {
    expect(waveformOf(answer)).toBeNull();
  });
});

let ids = 100;
const note = (fields = {}) =>
  media({
    // Each test has a recording of its own, as waveforms are kept.
    id: ids++,
    fileType: "audio",
    voice: true,
    durationMs: 7000,
    variants: [variant("peaks", { mimeType: "application/json" })],
    ...fields,
  });

/** Brings what is observed into view. */
let enter = () => {};

beginCovered();
beforeEach(() => {
  enter = () => {};
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      readonly tell: (entries: { isIntersecting: boolean }[]) => void;
      constructor(tell: (entries: { isIntersecting: boolean }[]) => void) {
        this.tell = tell;
      }
      observe() {
        enter = () => act(() => this.tell([{ isIntersecting: true }]));
      }
      disconnect() {}
    },
  );
});

const drawn = () => document.querySelector("[data-waveform]");
const shown = () => waitFor(() => expect(drawn()).not.toBeNull());
const slider = () => screen.getByRole("slider", { name: "Position" }) as HTMLInputElement;

describe("slider of a recording", () => {
  it.each([
    ["5", 50],
    ["0", 0],
    ["PageUp", 10],
    ["End", 100],
    ["x", null],
  ])("leads by the key %s where it should", (key, seconds) => {
    const onSeek = vi.fn();
    render(<SeekBar time={0} loaded={0} duration={100} onSeek={onSeek} />);
    fireEvent.keyDown(slider(), { key });
    expect(onSeek.mock.calls).toEqual(seconds === null ? [] : [[seconds]]);
  });
});

describe("voice note", () => {
  it("has its duration before anything is loaded, and its waveform once it is in view", async () => {
    const fetch = serve(() => Response.json(peaks()));
    show(note());
    expect(screen.getByText("0:07")).toBeTruthy();
    expect(fetch).not.toHaveBeenCalled();
    expect(drawn()).toBeNull();
    enter();
    await shown();
    expect(fetch).toHaveBeenCalledExactlyOnceWith("/v/peaks", expect.anything());
  });

  it("has the duration of its waveform where its record has none", async () => {
    serve(() => Response.json(peaks()));
    show(note({ durationMs: null, fileSize: null }));
    enter();
    expect(await screen.findByText("0:07")).toBeTruthy();
    expect(slider().disabled).toBe(false);
  });

  it("is fetched once, however often it is scrolled to", async () => {
    const fetch = serve(() => Response.json(peaks()));
    const file = note();
    show(file).unmount();
    show(file);
    enter();
    await shown();
    show(file);
    enter();
    await waitFor(() => expect(document.querySelectorAll("[data-waveform]")).toHaveLength(2));
    expect(fetch).toHaveBeenCalledOnce();
  });

  it("is seeked by a click and by keys", async () => {
    vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
    serve(() => Response.json(peaks()));
    show(note());
    enter();
    await shown();
    fireEvent.change(slider(), { target: { value: "3.5" } });
    expect(audioElement().currentTime).toBe(3.5);
    fireEvent(audioElement(), new Event("seeked"));
    for (const [key, seconds] of [
      ["ArrowLeft", 0],
      ["PageUp", 0.7],
      ["ArrowRight", 5.7],
      ["PageDown", 5],
      ["End", 7],
      ["Home", 0],
    ] as const) {
      fireEvent(audioElement(), new Event("seeked"));
      fireEvent.keyDown(slider(), { key });
      expect(audioElement().currentTime).toBeCloseTo(seconds);
    }
  });

  it("shows how much of it was played", async () => {
    vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
    serve(() => Response.json(peaks()));
    show(note());
    enter();
    await shown();
    const played = () => drawn()?.querySelectorAll("svg")[1]?.style.clipPath;
    expect(played()).toBe("inset(0 100.00% 0 0)");
    fireEvent.change(slider(), { target: { value: "3.5" } });
    fireEvent(audioElement(), new Event("seeked"));
    expect(played()).toBe("inset(0 50.00% 0 0)");
    expect(slider().getAttribute("aria-valuetext")).toBe("0:03 of 0:07");
  });

  it("plays and pauses with the space bar on its slider", () => {
    const play = vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
    show(note());
    fireEvent.keyDown(slider(), { key: " " });
    expect(play).toHaveBeenCalledOnce();
  });

  it.each([
    ["once more where its peaks are not made yet", () => new Response(null, { status: 202 }), 2],
    ["no more where its peaks cannot be made", problem({ code: "not_found" }, 404), 1],
  ])("is asked for %s, and keeps its bar", async (_, answer, times) => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const fetch = serve(answer);
    show(note());
    enter();
    await act(() => vi.advanceTimersByTimeAsync(60_000));
    expect(fetch).toHaveBeenCalledTimes(times);
    expect(drawn()).toBeNull();
    expect(slider()).toBeTruthy();
    vi.useRealTimers();
  });

  it("is asked for again when its record changes", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const missing = problem({ code: "not_found" }, 404);
    serve(missing, () => Response.json(peaks()));
    const { become } = show(note({ variants: [] }));
    enter();
    await act(() => vi.advanceTimersByTimeAsync(10_000));
    expect(drawn()).toBeNull();
    become({ updatedAt: "2026-03-02T10:00:09Z" });
    await shown();
    vi.useRealTimers();
  });

  it("has no waveform where it is kept nowhere", async () => {
    vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
    const fetch = serve(() => Response.json(peaks()));
    show(note({ ...stream, variants: [] }));
    fireEvent.click(screen.getByRole("button", { name: /tap to listen/ }));
    enter();
    expect(slider()).toBeTruthy();
    await act(() => new Promise((resolve) => setTimeout(resolve)));
    expect(fetch).not.toHaveBeenCalled();
  });
});
