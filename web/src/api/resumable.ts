import { ApiError, endSession, problemOf } from "@mediary/media/server/client";
import type { DetailedError, Upload } from "tus-js-client";

/** A line that is so bad that a whole file hardly gets through has a chance with parts of it. Smaller files go in one request. */
export const RESUMABLE_FROM_BYTES = 8 * 1024 * 1024;
/** How long nothing may move before the connection counts as lost. */
const SILENCE_MAX_MS = 60_000;

/** Where uploads that broke off are continued, by their message. */
const begun = new Map<string, string>();

type ResumableOptions = {
  signal: AbortSignal;
  /** How much of the file has arrived or left, from 0 to 1. */
  onProgress: (share: number) => void;
};

/** Uploads a file in as many requests as the line makes necessary, and tells the upload's id. A second attempt for the same message
 * continues the first one. */
export async function uploadResumably(
  file: File,
  clientId: string,
  { signal, onProgress }: ResumableOptions,
): Promise<number> {
  const tus = await import("tus-js-client");
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout>;
    const upload: Upload = new tus.Upload(file, {
      endpoint: "/api/uploads",
      uploadUrl: begun.get(clientId) ?? null,
      metadata: { filename: file.name },
      // The outbox decides when it is tried again.
      retryDelays: null,
      storeFingerprintForResuming: false,
      onUploadUrlAvailable: () => {
        if (upload.url) begun.set(clientId, upload.url);
      },
      onProgress: (sent, total) => {
        wait();
        onProgress(sent / total);
      },
      onError: (error) => end(() => void failureOf(error).then(reject)),
      onSuccess: () =>
        end(() => {
          begun.delete(clientId);
          resolve(Number(upload.url?.split("/").pop()));
        }),
    });
    const end = (then: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      then();
    };
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        void upload.abort();
        end(() => reject(lost()));
      }, SILENCE_MAX_MS);
    };
    const abort = () => {
      begun.delete(clientId);
      // What does not reach the server ends there by itself.
      upload.abort(true).catch(() => {});
      end(() => reject(signal.reason));
    };
    signal.addEventListener("abort", abort, { once: true });
    wait();
    upload.start();
  });
}

const lost = () =>
  new ApiError({ status: 0, code: "network", title: "The server did not answer", retryable: true });

async function failureOf(error: Error | DetailedError): Promise<ApiError> {
  const answer = "originalResponse" in error ? error.originalResponse : null;
  const status = answer?.getStatus() ?? 0;
  if (!answer || status < 200) return lost();
  const retryAfter = answer.getHeader("Retry-After");
  const problem = await problemOf(
    new Response(answer.getBody(), {
      status,
      ...(retryAfter ? { headers: { "Retry-After": retryAfter } } : {}),
    }),
  );
  if (problem.status === 401) endSession();
  return problem;
}
