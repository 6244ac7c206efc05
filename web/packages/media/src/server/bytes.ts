import { ApiError, ask, endSession, problemOf } from "./client";

/** The largest file that a page holds in memory; what is larger the browser loads and keeps in its own way. */
export const HELD_BYTES_MAX = 32 * 1024 * 1024;
/** How long nothing may come before it counts as broken. The server gives up earlier. */
const SILENCE_MAX_MS = 60_000;
/** How often the bytes are told. */
const TELL_EVERY_MS = 100;

export type Progress = { bytes: number; total: number | null };
/** Of what was only just asked for. */
export const NOTHING: Progress = { bytes: 0, total: null };

export type FetchedFile = {
  blob: Blob;
  /** What the server would save it as. */
  name: string | null;
};

/** It is too large for a page to hold, or lies in a bucket that only an element may ask. */
export type DirectReason = "large" | "elsewhere";

type FetchOptions = { signal: AbortSignal; onProgress: (progress: Progress) => void; max?: number };

/** Reads a file into memory, telling how much has come; or says why the browser had better load it by itself. */
export async function fetchFile(url: string, options: FetchOptions): Promise<FetchedFile | DirectReason> {
  const { max = HELD_BYTES_MAX, onProgress } = options;
  const silence = new AbortController();
  const signal = AbortSignal.any([options.signal, silence.signal]);
  let timer = setTimeout(() => silence.abort(), SILENCE_MAX_MS);
  try {
    const response = await open(url, signal);
    if (response === null) return "elsewhere";
    const header = response.headers.get("Content-Length");
    const total = header === null ? null : Number(header);
    const parts: BlobPart[] = [];
    let bytes = 0;
    let told = 0;
    const reader = response.body?.getReader();
    for (;;) {
      if ((total ?? 0) > max || bytes > max) {
        await reader?.cancel();
        return "large";
      }
      const next = await reader?.read();
      if (next === undefined || next.done) break;
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MAX_MS);
      parts.push(next.value);
      bytes += next.value.byteLength;
      if (Date.now() - told >= TELL_EVERY_MS) {
        told = Date.now();
        onProgress({ bytes, total });
      }
    }
    return { blob: new Blob(parts, { type: harmless(response) }), name: nameOf(response) };
  } catch (cause) {
    if (options.signal.aborted || cause instanceof ApiError) throw cause;
    throw new ApiError({ status: 200, code: "interrupted", title: "The file broke off", retryable: true });
  } finally {
    clearTimeout(timer);
  }
}

/** When to ask again for what is being made, where the server does not say it. */
export const RETRY_AFTER_MS = 2_000;

/** Asks whether what is made of a file is there. Zero: it is; else it is being made, and this is when to ask again. */
export async function askFor(url: string, signal: AbortSignal): Promise<number> {
  const response = await open(url, signal);
  // Only its head was wanted.
  await response?.body?.cancel();
  if (response?.status !== ACCEPTED) return 0;
  const seconds = Number(response.headers.get("Retry-After"));
  return seconds > 0 ? seconds * 1000 : RETRY_AFTER_MS;
}

const ACCEPTED = 202;

/** Why a URL fails that an element could not load; null if the server would hand the file out now. */
export async function askWhy(url: string, signal: AbortSignal): Promise<ApiError | null> {
  try {
    const response = await open(url, signal);
    // Only its head was wanted.
    await response?.body?.cancel();
    return null;
  } catch (cause) {
    if (cause instanceof ApiError) return cause;
    throw cause;
  }
}

async function open(url: string, signal: AbortSignal): Promise<Response | null> {
  const response = await ask(url, { cache: "no-store", redirect: "manual", signal }, signal);
  if (response.type === "opaqueredirect") return null;
  if (response.ok) return response;
  const error = await problemOf(response);
  if (error.status === 401) endSession();
  throw error;
}

/** A blob's page has our origin, so its type must be one that cannot act. Pictures are recognised without it. */
function harmless(response: Response): string {
  const type = response.headers.get("Content-Type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  return HARMLESS.test(type) ? type : "application/octet-stream";
}

const HARMLESS = /^(image\/(jpeg|png|webp|gif|avif|bmp)|(audio|video)\/[\w.+-]+|application\/pdf)$/;

function nameOf(response: Response): string | null {
  const name = /filename\*=UTF-8''([^;]+)/i.exec(response.headers.get("Content-Disposition") ?? "")?.[1];
  try {
    return name === undefined ? null : decodeURIComponent(name);
  } catch {
    return null;
  }
}
