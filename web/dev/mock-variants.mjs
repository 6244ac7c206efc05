// What is made of the made-up files: smaller pictures, first pages, loudness. For development and tests only.

/** A blurred picture of a sunset by the sea. */
export const HASH = "1QcSHQRnh493V4dIh4eXh1h4kJUI";

/** The same with its bit for "something is transparent". */
const TRANSPARENT = Buffer.from(HASH, "base64");
TRANSPARENT[2] |= 0x80;

/** What Mediary makes of a stored file, as far as it can be made up: pictures are the samples themselves. */
export function derive(data, record) {
  const made = variantsOf(data, record);
  const variants = made.map(({ kind, mime, bytes, width = null, height = null }) => ({
    kind,
    mimeType: mime,
    width,
    height,
    fileSize: bytes.length,
    url: `${record.url}?variant=${kind}`,
  }));
  data.variants.set(record.id, made);
  const pictured = made.some(({ kind }) => kind !== "peaks");
  Object.assign(record, {
    variants,
    thumbhash: pictured && record.fileType !== "document" ? hashOf(record) : null,
    pages: record.detectedMimeType === "application/pdf" && !record.variantsError ? 2 : null,
  });
}

function hashOf({ mimeType }) {
  return mimeType === "image/png" ? TRANSPARENT.toString("base64") : HASH;
}

function variantsOf({ bytes, samples }, { id, fileType, detectedMimeType, variantsError, width, height }) {
  const own = bytes.get(id);
  const small = (longest) => {
    if (!width || !height) return {};
    const scale = Math.min(1, longest / Math.max(width, height));
    return { width: Math.round(width * scale), height: Math.round(height * scale) };
  };
  const drawing = own.mime === "image/heic" ? samples.images[0] : own;
  if (variantsError && fileType !== "video") return [];
  switch (fileType) {
    case "image":
      if (own.name === "broken.jpg") return [];
      return [
        { ...drawing, kind: "thumb", ...small(320) },
        { ...drawing, kind: "preview", ...small(1280) },
      ];
    case "sticker":
      return [{ ...own, kind: "thumb", width: 320, height: 320 }];
    case "video":
      return [{ ...samples.images[0], kind: "poster", ...small(640) }];
    case "audio":
      return [{ kind: "peaks", mime: "application/json", bytes: Buffer.from(JSON.stringify(peaks(id))) }];
    case "document":
      if (/^(image|video)/.test(detectedMimeType)) {
        const picture = samples.images[0];
        const larger = detectedMimeType.startsWith("image") ? "preview" : "poster";
        return [
          { ...picture, kind: "thumb", ...small(320) },
          { ...picture, kind: larger, ...small(1280) },
        ];
      }
      if (detectedMimeType !== "application/pdf") return [];
      return [
        { kind: "preview", mime: "image/svg+xml", bytes: Buffer.from(FIRST_PAGE), width: 905, height: 1280 },
      ];
  }
}

function peaks(seed) {
  const loudness = (at) => Math.abs(Math.sin(at / 3 + seed) * Math.sin(at / 17 + seed));
  return {
    version: 1,
    durationMs: 6000,
    peaks: Array.from({ length: 200 }, (_, at) => Math.round(255 * loudness(at))),
  };
}

const FIRST_PAGE = `<svg xmlns="http://www.w3.org/2000/svg" width="905" height="1280"><rect width="905" height="1280" fill="#fff"/>
<text x="90" y="150" font-family="sans-serif" font-size="52" font-weight="700" fill="#0f766e">Invoice 2026-117</text>
${Array.from({ length: 22 }, (_, at) => `<rect x="90" y="${220 + at * 44}" width="${at % 4 === 3 ? 380 : 725}" height="14" fill="#ccd6d2"/>`).join("")}</svg>`;
