// The files of the mock: the samples of the simulator, or drawn ones. For development and tests only.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { crc32, deflateSync } from "node:zlib";

const SAMPLES = new URL("../../crates/mediary-simulator/samples/", import.meta.url);

const TYPES = {
  jpg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  ogg: "audio/ogg",
  mp3: "audio/mpeg",
  m4a: "audio/mp4",
  mp4: "video/mp4",
  pdf: "application/pdf",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  csv: "text/csv",
};

/** Files to show: the samples of the simulator as far as they are there, else a drawn picture and a tone. */
export function loadSamples() {
  const names = existsSync(SAMPLES) ? readdirSync(SAMPLES).sort() : [];
  const samples = names
    .filter((name) => TYPES[name.split(".").at(-1)])
    .map((name) => ({
      name,
      mime: TYPES[name.split(".").at(-1)],
      bytes: readFileSync(new URL(name, SAMPLES)),
    }));
  const of = (...mimes) => samples.filter((sample) => mimes.some((mime) => sample.mime.startsWith(mime)));
  const or = (found, fallback) => (found.length > 0 ? found : [fallback]);
  const tone = { name: "tone.wav", mime: "audio/wav", bytes: wav(6) };
  return {
    images: or(of("image/jpeg", "image/png"), {
      name: "drawing.png",
      mime: "image/png",
      bytes: png(640, 480),
    }),
    stickers: or(of("image/webp"), { name: "sticker.png", mime: "image/png", bytes: png(256, 256) }),
    voices: or(of("audio/ogg"), tone),
    audios: or(of("audio/mpeg", "audio/mp4"), tone),
    videos: or(of("video/"), tone),
    documents: or(of("application/", "text/"), {
      name: "note.csv",
      mime: "text/csv",
      bytes: Buffer.from("a,b\n1,2\n"),
    }),
  };
}

export function png(width, height, [red, green, blue] = [40, 120, 130]) {
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * (width * 3 + 1) + 1 + x * 3;
      rows[at] = Math.min(255, red + (60 * x) / width);
      rows[at + 1] = Math.min(255, green + (50 * y) / height);
      rows[at + 2] = blue;
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(crc32(body), body.length + 4);
    return out;
  };
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function wav(seconds) {
  const rate = 8000;
  const data = Buffer.alloc(rate * seconds);
  for (let i = 0; i < data.length; i++) data[i] = 128 + 40 * Math.sin((i * 2 * Math.PI * 330) / rate);
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + data.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write("data", 36);
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}

/** Width and height from the bytes of a PNG or JPEG. */
export function sizeOf(bytes) {
  if (bytes[0] === 0x89) return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  for (let at = 2; bytes[0] === 0xff && at < bytes.length; at += 2 + bytes.readUInt16BE(at + 2)) {
    if (bytes[at + 1] >= 0xc0 && bytes[at + 1] <= 0xc2) {
      return { width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) };
    }
  }
  return { width: null, height: null };
}
