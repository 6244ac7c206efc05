/** Addresses of files in memory that the thread may still show for a moment after the server has them. Bounds how many are. */
const KEPT_MAX = 30;

const kept: string[] = [];

/** Gives an address up once enough others were given up after it. */
export function releaseLater(url: string): void {
  kept.push(url);
  const oldest = kept.length > KEPT_MAX ? kept.shift() : undefined;
  if (oldest !== undefined) URL.revokeObjectURL(oldest);
}
