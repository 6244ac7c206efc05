import { ApiError, endSession, problemOf } from "@mediary/media/server/client";

/** How long nothing may move before the connection counts as lost: of the bytes on their way, and of the answer afterwards. */
const SILENCE_MAX_MS = 60_000;
/** The server may have to convert the file before it answers, and gives that up earlier. */
const ANSWER_MAX_MS = 12 * 60_000;

type UploadOptions = {
  signal: AbortSignal;
  /** How much of the request has left, from 0 to 1. */
  onProgress: (share: number) => void;
};

/** Posts a form, telling how much of it has left. `fetch` cannot tell that in every browser. */
export function postForm<T>(path: string, form: FormData, { signal, onProgress }: UploadOptions): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const lost = () =>
      reject(
        new ApiError({ status: 0, code: "network", title: "The server did not answer", retryable: true }),
      );
    const giveUp = () => {
      lost();
      request.abort();
    };
    let timer = setTimeout(giveUp, SILENCE_MAX_MS);
    const wait = (ms: number) => {
      clearTimeout(timer);
      timer = setTimeout(giveUp, ms);
    };
    const abort = () => request.abort();
    signal.addEventListener("abort", abort, { once: true });
    request.upload.onprogress = ({ loaded, total }) => {
      wait(SILENCE_MAX_MS);
      if (total > 0) onProgress(loaded / total);
    };
    request.upload.onload = () => wait(ANSWER_MAX_MS);
    request.onabort = () => reject(signal.reason ?? new DOMException("Aborted", "AbortError"));
    request.onerror = lost;
    request.onload = () => void answerOf<T>(request).then(resolve, reject);
    request.onloadend = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    };
    request.open("POST", path);
    request.setRequestHeader("Accept", "application/json");
    request.send(form);
  });
}

async function answerOf<T>(request: XMLHttpRequest): Promise<T> {
  const { status, statusText, responseText } = request;
  if (status >= 200 && status < 300) return JSON.parse(responseText) as T;
  const retryAfter = request.getResponseHeader("Retry-After");
  const error = await problemOf(
    new Response(responseText, {
      status,
      statusText,
      ...(retryAfter ? { headers: { "Retry-After": retryAfter } } : {}),
    }),
  );
  if (error.status === 401) endSession();
  throw error;
}
