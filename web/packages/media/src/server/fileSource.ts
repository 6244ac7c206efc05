import { pause } from "../lib/pause";
import type { MediaFile, MediaStatus } from "../types";
import { ApiError, api } from "./client";
import { useProgress } from "./progress";
import { keepRecord, useRecords } from "./services";

/** Which file is meant: by its own id, or as a part of a message; zero is the message's own, the others are its attachments. */
export type FileReference = { mediaId: number } | { messageId: number; part?: number };

export type FileState = { media: MediaFile | null; error: Error | null };

/** How often a download is asked how far it has come. */
const ASK_EVERY_MS = 2_000;

const NOTHING: FileState = { media: null, error: null };

/** The record of a file while somebody watches: asked for at once, and followed while its download is under way. */
export class FileSource {
  readonly #reference: FileReference;
  readonly #listeners = new Set<() => void>();
  #state = NOTHING;
  #stop = () => {};

  constructor(reference: FileReference, known: MediaFile | null = null) {
    this.#reference = reference;
    if (known) this.#state = { media: newest(known), error: null };
  }

  readonly state = (): FileState => this.#state;

  readonly subscribe = (changed: () => void): (() => void) => {
    this.#listeners.add(changed);
    if (this.#listeners.size === 1) this.#start();
    return () => {
      this.#listeners.delete(changed);
      if (this.#listeners.size === 0) this.#stop();
    };
  };

  /** Asks again, where the record could not be had. */
  readonly retry = (): void => {
    if (this.#listeners.size === 0) return;
    this.#stop();
    this.#set(NOTHING);
    this.#start();
  };

  #start(): void {
    const left = new AbortController();
    const unsubscribe = useRecords.subscribe(({ byId }) => {
      const newer = this.#state.media && byId.get(this.#state.media.id);
      if (newer && newer !== this.#state.media) this.#set({ media: newer, error: null });
    });
    this.#stop = () => {
      left.abort();
      unsubscribe();
    };
    void this.#run(left.signal);
  }

  async #run(signal: AbortSignal): Promise<void> {
    try {
      if (this.#state.media === null) {
        const media = await fetchRecord(this.#reference, signal);
        signal.throwIfAborted();
        this.#set({ media: newest(media), error: null });
      }
      await this.#follow(signal);
    } catch (error) {
      if (!signal.aborted && this.#state.media === null) this.#set({ media: null, error: error as Error });
    }
  }

  /** Until nobody watches: a file that is here may be deleted, but a viewer that shows it finds that out by itself. */
  async #follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { media } = this.#state;
      await pause(ASK_EVERY_MS, signal);
      if (media === null || !isUnderWay(media)) continue;
      const path = `/api/media/${media.id}`;
      const status = await api.get<MediaStatus>(`${path}/status`, { signal }).catch(() => null);
      if (status === null) continue;
      const { bytesDownloaded, fileSize } = status;
      useProgress.getState().set(media.id, { bytesDownloaded, fileSize: fileSize ?? null });
      if (status.status === media.downloadStatus) continue;
      const newer = await api.get<MediaFile>(path, { signal }).catch(() => null);
      if (newer) keepRecord(newer);
      if (status.status !== "downloading") useProgress.getState().clear(media.id);
    }
  }

  #set(state: FileState): void {
    this.#state = state;
    for (const tell of this.#listeners) tell();
  }
}

function isUnderWay({ isActive, policy, downloadStatus, lastError }: MediaFile): boolean {
  if (!isActive || downloadStatus === "completed") return false;
  if (downloadStatus === "failed") return lastError?.nextAttemptAt != null;
  return policy === "store" || downloadStatus === "downloading";
}

/** What the page knows of a file may be newer than what it was given. */
function newest(media: MediaFile): MediaFile {
  const known = useRecords.getState().byId.get(media.id);
  return known && known.updatedAt > media.updatedAt ? known : media;
}

type WithFiles = { media: MediaFile | null; attachments: MediaFile[] };

async function fetchRecord(reference: FileReference, signal: AbortSignal): Promise<MediaFile> {
  if ("mediaId" in reference) return api.get<MediaFile>(`/api/media/${reference.mediaId}`, { signal });
  const { messageId, part = 0 } = reference;
  if (part === 0) return api.get<MediaFile>(`/api/messages/${messageId}/media`, { signal });
  const { attachments } = await api.get<WithFiles>(`/api/messages/${messageId}`, { signal });
  const file = attachments.find((attachment) => attachment.part === part);
  if (file) return file;
  throw new ApiError({ status: 404, code: "not_found", title: "There is no such file", retryable: false });
}
