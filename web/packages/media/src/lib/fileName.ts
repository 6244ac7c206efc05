import type { MediaFile } from "../types";
import { plainName } from "./bidi";

/** Letters of a name that are shown before its middle is left out. */
const SHOWN_MAX = 56;
/** Of those at its end: what tells the kind always shows. */
const TAIL = 16;

/** The name of a file as a person may read it; null where it has none. */
export function fileNameOf({ fileName }: Pick<MediaFile, "fileName">): string | null {
  return fileName === null ? null : plainName(fileName);
}

/** A long name without its middle, so that its ending shows. */
export function shortName(name: string): string {
  const letters = [...name];
  if (letters.length <= SHOWN_MAX) return name;
  return `${letters.slice(0, SHOWN_MAX - TAIL - 1).join("")}…${letters.slice(-TAIL).join("")}`;
}
