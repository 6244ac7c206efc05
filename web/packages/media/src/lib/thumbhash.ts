import { thumbHashToDataURL } from "thumbhash";

/** Some 4 kB each. */
export const KEPT_MAX = 500;
const kept = new Map<string, string | null>();

/** A blurred picture from a base64 thumbhash, or null where it is none. Decoded once for each hash. */
export function blurOf(hash: string | null): string | null {
  if (hash === null) return null;
  const known = kept.get(hash);
  if (known !== undefined) return known;
  const url = decode(hash);
  kept.set(hash, url);
  const oldest = kept.keys().next().value;
  if (kept.size > KEPT_MAX && oldest !== undefined) kept.delete(oldest);
  return url;
}

/** Whether something of the picture is transparent, by its base64 thumbhash: a bit of it says so. */
export function isTransparent(hash: string | null): boolean {
  const bytes = hash === null ? null : bytesOf(hash);
  return bytes !== null && ((bytes[ALPHA_AT] ?? 0) & ALPHA_BIT) !== 0;
}

const ALPHA_AT = 2;
const ALPHA_BIT = 0x80;

function decode(hash: string): string | null {
  const bytes = bytesOf(hash);
  return bytes === null ? null : thumbHashToDataURL(bytes);
}

function bytesOf(hash: string): Uint8Array | null {
  try {
    const bytes = Uint8Array.from(atob(hash), (char) => char.charCodeAt(0));
    return bytes.length < 5 ? null : bytes;
  } catch {
    return null;
  }
}
