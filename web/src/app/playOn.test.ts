import { audioElement, playAudio, stopAudio, usePlayback } from "@mediary/media/viewers/playback";
import { QueryClient } from "@tanstack/react-query";
import { afterEach, expect, it, vi } from "vitest";
import { keys } from "@/api/queries";
import { nextVoice, startPlayingOn } from "@/app/playOn";
import { media, message, page } from "@/test/fixtures";

const voice = (id: number, fields = {}) =>
  media({ id, messageId: id, fileType: "audio", voice: true, url: `/v/${id}`, ...fields });
const said = (id: number, fields = {}) =>
  message(id, { type: "audio", text: null, media: voice(id, fields) });

afterEach(stopAudio);

it.each([
  ["the voice note right after it", [said(1), said(2)], 2],
  ["nothing after another message", [said(1), message(2), said(3)], null],
  ["nothing that is not here", [said(1), said(2, { downloadStatus: "pending", policy: "stream" })], null],
  ["nothing at the end", [said(1)], null],
])("after a voice note comes %s", (_, messages, next) => {
  expect(nextVoice(messages, voice(1))?.id ?? null).toBe(next);
});

it("a voice note that ends is followed by the next", () => {
  vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
  const client = new QueryClient();
  client.setQueryData(keys.thread(1), { pages: [page([said(2), said(1)])], pageParams: [{}] });
  startPlayingOn(client);
  playAudio({ media: voice(1), url: "/v/1", sources: ["/v/1"], onBroken: () => {} });
  audioElement().dispatchEvent(new Event("ended"));
  expect(usePlayback.getState().mediaId).toBe(2);
  expect(audioElement().getAttribute("src")).toBe("/v/2");
});
