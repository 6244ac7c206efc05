import { mimeOf } from "@/features/composer/fileKind";

/** What this browser finds out about a file before it is sent. */
export type Probed = {
  isPicture: boolean;
  animated: boolean;
  width: number | null;
  height: number | null;
  durationMs: number | null;
};

const NOTHING: Probed = { isPicture: false, animated: false, width: null, height: null, durationMs: null };
/** A file that takes longer is sent without being looked at. */
const PATIENCE_MS = 5_000;

export async function probe(file: File, url: string): Promise<Probed> {
  const [family] = mimeOf(file).split("/");
  if (family === "image") return { ...(await picture(url)), animated: await isAnimatedWebp(file) };
  if (family === "video" || family === "audio") return playable(url, family);
  return NOTHING;
}

function picture(url: string): Promise<Probed> {
  return withPatience((resolve) => {
    const image = new Image();
    image.onload = () => {
      const { naturalWidth: width, naturalHeight: height } = image;
      resolve({ ...NOTHING, isPicture: true, width, height });
    };
    image.onerror = () => resolve(NOTHING);
    image.src = url;
  });
}

function playable(url: string, family: "video" | "audio"): Promise<Probed> {
  return withPatience((resolve) => {
    const element = document.createElement(family);
    element.preload = "metadata";
    element.onloadedmetadata = () => {
      const durationMs = Number.isFinite(element.duration) ? Math.round(element.duration * 1000) : null;
      const isVideo = element instanceof HTMLVideoElement && element.videoWidth > 0;
      const size = isVideo ? { width: element.videoWidth, height: element.videoHeight } : {};
      resolve({ ...NOTHING, ...size, durationMs });
      element.removeAttribute("src");
    };
    element.onerror = () => resolve(NOTHING);
    element.src = url;
  });
}

function withPatience(look: (resolve: (probed: Probed) => void) => void): Promise<Probed> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(NOTHING), PATIENCE_MS);
    look((probed) => {
      clearTimeout(timer);
      resolve(probed);
    });
  });
}

const HEADER_BYTES = 21;
const ANIMATION = 0x02;

/** The flag of the extended header: `RIFF….WEBPVP8X`, then its length, then the flags. */
async function isAnimatedWebp(file: File): Promise<boolean> {
  if (mimeOf(file) !== "image/webp") return false;
  const bytes = new Uint8Array(await file.slice(0, HEADER_BYTES).arrayBuffer());
  const tag = String.fromCharCode(...bytes.slice(8, 16));
  return tag === "WEBPVP8X" && ((bytes[HEADER_BYTES - 1] ?? 0) & ANIMATION) !== 0;
}
