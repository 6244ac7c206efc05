import { useCallback, useMemo, useSyncExternalStore } from "react";
import type { MediaFile } from "../types";
import { absolute, linkMaker, requestOf } from "./access";

/** From where elements load: they know nothing of headers, so where those are needed each file and form of it has a link of its own. */

/** Links that are remembered; what is shown keeps its own. */
const KEPT_MAX = 500;
/** What has less left than this is not handed out again. */
const LEFT_MIN_MS = 30 * 60_000;

type Kept = { url: string | null; until: number; asking: boolean; changed: Set<() => void> };
const links = new Map<string, Kept>();

/** Where an element loads a path of this file; null until there is a link. */
export function useAddress(media: Pick<MediaFile, "id">, path: string | null): string | null {
  const paths = useMemo(() => (path === null ? [] : [path]), [path]);
  return useAddresses(media, paths)?.[0] ?? null;
}

/** The same for several paths; null until all have theirs. */
export function useAddresses(media: Pick<MediaFile, "id">, paths: readonly string[]): string[] | null {
  const { id } = media;
  const key = paths.join(SPACE);
  const subscribe = useCallback(
    (changed: () => void) => {
      const kept = key === "" ? [] : key.split(SPACE).flatMap((path) => linkTo(id, path) ?? []);
      for (const link of kept) link.changed.add(changed);
      return () => {
        for (const link of kept) link.changed.delete(changed);
      };
    },
    [id, key],
  );
  const found = useSyncExternalStore(subscribe, () => addressesOf(id, key));
  return useMemo(() => (found === null ? null : found.split(SPACE).filter(Boolean)), [found]);
}

/** Stands in no address. */
const SPACE = " ";

function addressesOf(mediaId: number, key: string): string | null {
  if (key === "") return "";
  const found = key.split(SPACE).map((path) => {
    if (isLoadable(path)) return absolute(path);
    return links.get(nameOf(mediaId, path))?.url ?? null;
  });
  return found.includes(null) ? null : found.join(SPACE);
}

/** Whether an element loads it as it is. */
function isLoadable(path: string): boolean {
  return !path.startsWith("/") || linkMaker() === null;
}

const nameOf = (mediaId: number, path: string) => `${mediaId} ${path}`;

function linkTo(mediaId: number, path: string): Kept | null {
  const make = linkMaker();
  if (make === null || isLoadable(path)) return null;
  const name = nameOf(mediaId, path);
  const kept: Kept = links.get(name) ?? { url: null, until: 0, asking: false, changed: new Set() };
  links.set(name, kept);
  if (kept.asking || kept.until - Date.now() > LEFT_MIN_MS) return kept;
  forgetOldest();
  kept.asking = true;
  const settle = (url: string, until: number) => {
    Object.assign(kept, { url: absolute(url), until, asking: false });
    for (const tell of kept.changed) tell();
  };
  make(requestOf({ id: mediaId }, path)).then(
    ({ url, expiresAt }) => settle(url, Date.parse(expiresAt)),
    // The element then fails, and asks the server why, as it always does.
    () => settle(path, 0),
  );
  return kept;
}

function forgetOldest(): void {
  for (const [name, { changed }] of links) {
    if (links.size <= KEPT_MAX) return;
    if (changed.size === 0) links.delete(name);
  }
}

/** Another server, or another person: no link of the last one is handed out. */
export function forgetLinks(): void {
  links.clear();
}
