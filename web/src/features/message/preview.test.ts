import { expect, it } from "vitest";
import { previewOf } from "@/features/message/preview";
import { media, message } from "@/test/fixtures";

it.each([
  ["the words of a text", message(1, { text: "Hello" }), "Hello"],
  ["the caption of a photo", message(1, { type: "image", text: null, caption: "Look" }), "Look"],
  ["the kind of a photo without one", message(1, { type: "image", text: null }), "Photo"],
  ["a voice note", message(1, { type: "audio", text: null, media: media({ voice: true }) }), "Voice note"],
  [
    "the name of a document",
    message(1, { type: "document", text: null, media: media({ fileName: "a.pdf" }) }),
    "a.pdf",
  ],
  [
    "that it was deleted, and not what it said",
    message(1, { text: "secret", revoked: true }),
    "Message deleted",
  ],
  ["what cannot be shown", message(1, { type: "unsupported", text: null }), "Message that cannot be shown"],
])("a preview is %s", (_, last, text) => {
  expect(previewOf(last).text).toBe(text);
});

it("a kind that WhatsApp adds later is still a preview", () => {
  expect(previewOf(message(1, { type: "poll" as never, text: null })).text).toBe(
    "Message that cannot be shown",
  );
});
