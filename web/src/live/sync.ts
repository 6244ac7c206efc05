import { ApiError, api } from "@mediary/media/server/client";
import { useProgress } from "@mediary/media/server/progress";
import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import { galleryKeys } from "@/api/gallery";
import { keys, type ThreadData } from "@/api/queries";
import type { Conversation, LiveEvent, LiveEventName, MediaFile, Message, Page } from "@/api/types";
import { putBesideMessage, putFile } from "@/live/files";
import { dropMessage, putMessage } from "@/live/messages";
import { noteNewFile } from "@/live/newFiles";
import { upsertConversation } from "@/live/patch";

/** Events that arrive together are answered with one request per record. */
const GATHER_MS = 40;
/** More than this waiting means that refetching what is on screen is cheaper than asking record by record. */
const WAITING_MAX = 60;
const PARALLEL = 4;

type Listener = {
  /** `before` is what it was until now, where that is known. */
  message?: (message: Message, change: { created: boolean; before: Message | undefined }) => void;
  /** Messages came in whose thread nobody has open; this is the last of them. */
  elsewhere?: (message: Message, count: number) => unknown;
  media?: (media: MediaFile) => void;
};

/** Keeps the query cache true to the event stream. */
export class Sync {
  readonly #client: QueryClient;
  readonly #listener: Listener;
  readonly #waiting = new Map<string, () => Promise<void>>();
  /** Messages that came in where no thread is open, until their conversation tells of the last. */
  readonly #elsewhere = new Map<number, Set<number>>();
  /** Messages that were created since they were last asked for, whatever else happened to them meanwhile. */
  readonly #created = new Set<number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = 0;

  constructor(client: QueryClient, listener: Listener = {}) {
    this.#client = client;
    this.#listener = listener;
  }

  handle(name: LiveEventName, event: LiveEvent): void {
    const { conversationId, messageId, mediaId } = event;
    if (name === "media.progress" && mediaId !== undefined) {
      const { bytesDownloaded = 0, fileSize = null } = event;
      useProgress.getState().set(mediaId, { bytesDownloaded, fileSize });
      return;
    }
    if (name === "account.updated") {
      void this.#client.invalidateQueries({ queryKey: keys.accounts });
      return;
    }
    if (name.startsWith("media.") && mediaId !== undefined) {
      useProgress.getState().clear(mediaId);
      this.#later(`media ${mediaId}`, () => this.#fetchMedia(mediaId, name === "media.completed"));
    } else if (name.startsWith("message.") && messageId !== undefined && conversationId !== undefined) {
      this.#handleMessage(conversationId, messageId, name === "message.created");
    }
    if (conversationId !== undefined && !name.startsWith("media.")) {
      this.#later(`conversation ${conversationId}`, () => this.#fetchConversation(conversationId));
    }
  }

  #handleMessage(conversationId: number, messageId: number, created: boolean): void {
    if (this.#hasThread(conversationId)) {
      if (created) this.#created.add(messageId);
      this.#later(`message ${messageId}`, () => this.#fetchMessage(conversationId, messageId));
    } else if (created) {
      const ids = this.#elsewhere.get(conversationId) ?? new Set();
      this.#elsewhere.set(conversationId, ids.add(messageId));
    }
  }

  /** The server is back: what it did not answer meanwhile is asked again. */
  retryFailed(): void {
    void this.#client.refetchQueries({
      type: "active",
      predicate: ({ queryKey, state }) => state.status === "error" && queryKey[0] !== keys.me[0],
    });
  }

  /** Something was missed: everything on screen is asked for again. */
  resync(): void {
    this.#waiting.clear();
    this.#created.clear();
    this.#elsewhere.clear();
    void this.#client.invalidateQueries({
      predicate: ({ queryKey, state }) => queryKey[0] !== keys.me[0] && !isLongList(queryKey, state.data),
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#waiting.clear();
  }

  #later(key: string, job: () => Promise<void>): void {
    this.#waiting.set(key, job);
    if (this.#waiting.size > WAITING_MAX) {
      this.resync();
      return;
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#drain();
    }, GATHER_MS);
  }

  #drain(): void {
    for (const [key, job] of this.#waiting) {
      if (this.#running >= PARALLEL) return;
      this.#waiting.delete(key);
      this.#running += 1;
      // A record that cannot be had now is had with the next event or resync; there is nobody to tell.
      void job()
        .catch(() => {})
        .finally(() => {
          this.#running -= 1;
          this.#drain();
        });
    }
  }

  #hasThread(conversationId: number): boolean {
    return this.#client.getQueryData(keys.thread(conversationId)) !== undefined;
  }

  #known(conversationId: number, id: number): Message | undefined {
    const pages = this.#client.getQueryData<ThreadData>(keys.thread(conversationId))?.pages ?? [];
    return pages.flatMap(({ items }) => items).find((item) => item.id === id);
  }

  async #fetchMessage(conversationId: number, id: number): Promise<void> {
    const created = this.#created.delete(id);
    const before = this.#known(conversationId, id);
    let message: Message;
    try {
      message = await api.get<Message>(`/api/messages/${id}`);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) dropMessage(this.#client, conversationId, id);
      throw error;
    }
    putMessage(this.#client, message);
    for (const file of filesOf(message)) {
      putBesideMessage(this.#client, file);
      if (created) noteNewFile(file);
    }
    if (created && (message.media || message.attachments.length > 0)) {
      void this.#client.invalidateQueries({ queryKey: keys.conversationMedia(message.conversationId) });
    }
    this.#listener.message?.(message, { created, before });
  }

  async #fetchMedia(id: number, completed: boolean): Promise<void> {
    const media = await api.get<MediaFile>(`/api/media/${id}`);
    putFile(this.#client, media);
    if (completed) {
      noteNewFile(media);
      void this.#client.invalidateQueries({ queryKey: keys.conversationMedia(media.conversationId) });
    }
    this.#listener.media?.(media);
  }

  async #fetchConversation(id: number): Promise<void> {
    const conversation = await api.get<Conversation>(`/api/conversations/${id}`);
    this.#client.setQueryData(keys.conversation(id), conversation);
    const arrived = this.#elsewhere.get(id);
    this.#elsewhere.delete(id);
    const last = conversation.lastMessage;
    if (arrived && last && arrived.has(last.id)) this.#listener.elsewhere?.(last, arrived.size);
    this.#client.setQueryData<InfiniteData<Page<Conversation>>>(
      keys.conversations(""),
      (list) => list && upsertConversation(list, conversation),
    );
    // Whether it still matches a search only the server knows.
    void this.#client.invalidateQueries({
      queryKey: keys.conversationLists,
      predicate: (query) => query.queryKey[1] !== "",
    });
  }
}

/** Pages of a gallery that are asked for again without being asked for. */
const GALLERY_PAGES_MAX = 5;

/** Somebody has scrolled through thousands of files: all of their pages would be hundreds of requests. */
function isLongList(queryKey: readonly unknown[], data: unknown): boolean {
  if (queryKey[0] !== galleryKeys.all[0]) return false;
  return ((data as InfiniteData<unknown> | undefined)?.pages.length ?? 0) > GALLERY_PAGES_MAX;
}

function filesOf({ media, attachments }: Message): MediaFile[] {
  return media === null ? attachments : [media, ...attachments];
}
