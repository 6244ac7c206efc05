import type { MediaFile } from "../types";

/** How the page reaches Mediary, or what stands before it. */
export type MediaAccess = {
  /** What stands before each path, without a slash at its end: nothing is the page's own origin. */
  baseUrl?: string;
  /** Headers of every request: a key, or a token that the page's own backend knows. */
  authorize?: () => HeadersInit | Promise<HeadersInit>;
  /** Whether cookies go along: by default only to the page's own origin. */
  credentials?: RequestCredentials;
  /**
   * Makes the links by which pictures, players and downloads load a file, as these can send no headers. Without it they load from `baseUrl`, or,
   * where there is `authorize`, by links that Mediary signs.
   */
  link?: (file: LinkRequest) => Promise<Link>;
};

export type LinkRequest = {
  mediaId: number;
  /** One of the kinds of `MediaFile.variants`; null is the file itself. */
  variant: string | null;
  /** It is to be saved, not shown. */
  download: boolean;
};

export type Link = { url: string; expiresAt: string };

let access: MediaAccess = {};

export function provideAccess(own: MediaAccess): void {
  access = { ...own, baseUrl: (own.baseUrl ?? "").replace(/\/+$/, "") };
}

export const credentials = (): RequestCredentials => access.credentials ?? "same-origin";

/** A path of Mediary's as an address; what is an address already, or bytes that the page holds, stays. */
export function absolute(path: string): string {
  return path.startsWith("/") ? `${access.baseUrl ?? ""}${path}` : path;
}

/** The headers that let a request in. */
export async function authorized(): Promise<HeadersInit> {
  return (await access.authorize?.()) ?? {};
}

/** Whether elements need links of their own, and how these are made. */
export function linkMaker(): ((file: LinkRequest) => Promise<Link>) | null {
  if (access.link) return access.link;
  return access.authorize ? signedLink : null;
}

/** Long enough for people who leave a page open over their lunch. */
const LINK_SECONDS = 6 * 3600;

async function signedLink({ mediaId, variant, download }: LinkRequest): Promise<Link> {
  const response = await fetch(absolute(`/api/media/${mediaId}/signed-url`), {
    method: "POST",
    credentials: credentials(),
    headers: { "Content-Type": "application/json", ...asRecord(await authorized()) },
    body: JSON.stringify({ expiresInSeconds: LINK_SECONDS, variant, download }),
  });
  if (!response.ok) throw new Error(`no link: ${response.status}`);
  return (await response.json()) as Link;
}

export function asRecord(headers: HeadersInit): Record<string, string> {
  return Object.fromEntries(new Headers(headers));
}

/** What a path of a file asks for. */
export function requestOf(media: Pick<MediaFile, "id">, path: string): LinkRequest {
  const { searchParams } = new URL(path, "http://mediary");
  return {
    mediaId: media.id,
    variant: searchParams.get("variant"),
    download: searchParams.get("download") === "1",
  };
}
