// A conversation with more files than anybody can look at, over three years. For development and tests only.
import { png } from "./mock-samples.mjs";

export const MANY = Number(process.env.MOCK_FILES ?? 50_000);
const DAY = 24 * 60 * 60_000;
const YEARS_MS = 3 * 365 * DAY;

const COLOURS = [
  [196, 84, 60],
  [214, 154, 64],
  [120, 150, 76],
  [58, 128, 118],
  [64, 104, 168],
  [122, 92, 160],
  [186, 96, 130],
  [92, 100, 108],
];
const NAMES = ["Invoice", "Delivery note", "Offer", "Contract", "Statement", "فاتورة", "見積書"];

export function fillMany(data, conversation, end) {
  const { videos, voices, documents } = data.samples;
  const pictures = COLOURS.map((colour, at) => ({
    name: `picture-${at}.png`,
    mime: "image/png",
    bytes: png(96, 72, colour),
  }));
  const sample = (list, at) => list[at % list.length];
  const pdf = documents.find(({ mime }) => mime === "application/pdf") ?? documents[0];
  const start = end - YEARS_MS;
  for (let at = 0; at < MANY; at++) {
    // Some months are busier than others.
    const share = (at + 40 * Math.sin(at / 900)) / MANY;
    const time = Math.round(start + Math.max(0, share) * YEARS_MS);
    const out = at % 5 === 3 ? { direction: "outbound" } : {};
    if (at % 10 === 4)
      data.addMedia(conversation, time, "document", pdf, {
        fileName: `${sample(NAMES, at)} ${at + 1}.pdf`,
        fileSize: 20_000 + ((at * 7919) % 900_000),
        message: out,
      });
    else if (at % 23 === 7)
      data.addMedia(conversation, time, "video", sample(videos, at), { durationMs: 6000, message: out });
    else if (at % 31 === 9)
      data.addMedia(conversation, time, "audio", sample(voices, at), {
        voice: true,
        durationMs: 6000,
        message: out,
      });
    else
      data.addMedia(conversation, time, "image", sample(pictures, Math.floor(at / 3)), {
        width: 1600,
        height: 1200,
        message: out,
      });
  }
}
