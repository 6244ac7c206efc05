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

function decode(hash: string): string | null {
  try {
    const bytes = Uint8Array.from(atob(hash), (char) => char.charCodeAt(0));
    return bytes.length < 5 ? null : thumbHashToDataURL(bytes);
  } catch {
    return null;
  }
}
