import { asSentence } from "@mediary/media/lib/sentence";
import { ApiError } from "@mediary/media/server/client";
import { reasonOf } from "@mediary/media/ui/states";
import type { Message } from "@/api/types";
import { dueItems, type Outgoing } from "@/features/sending/outbox";
import { useOutbox } from "@/features/sending/store";

/** The first wait for a server that is away; it doubles with each attempt. */
const WAIT_MIN_MS = 2_000;
const WAIT_MAX_MS = 30_000;
/** Answers like "try again" to one message before it is a person's turn. A lost connection does not count: it says nothing. */
const REFUSALS_MAX = 5;

export type Transport = (
  item: Outgoing,
  options: { signal: AbortSignal; onProgress: (share: number) => void },
) => Promise<Message>;

type Hooks = {
  /** The server has it; called before it leaves the outbox. */
  accepted: (item: Outgoing, message: Message) => void;
  failed: (item: Outgoing, reason: string) => void;
};

/** Hands over what is in the outbox, one message of a conversation at a time. */
export class Sender {
  readonly #transport: Transport;
  readonly #hooks: Hooks;
  readonly #running = new Map<string, AbortController>();
  readonly #refusals = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(transport: Transport, hooks: Hooks) {
    this.#transport = transport;
    this.#hooks = hooks;
  }

  add(items: Outgoing[]): void {
    useOutbox.getState().dispatch({ type: "added", items });
    this.#pump();
  }

  /** Tries a failed message again, under the same name: if the server has it after all, it stays one. */
  retry(clientId: string): void {
    this.#refusals.delete(clientId);
    useOutbox.getState().dispatch({ type: "retried", clientId });
    this.#pump();
  }

  /** Gives a message up that the server does not have. */
  remove(clientId: string): void {
    this.#refusals.delete(clientId);
    useOutbox.getState().dispatch({ type: "removed", clientId });
    this.#running.get(clientId)?.abort();
    this.#pump();
  }

  /** The line may be back. */
  resume(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    useOutbox.getState().dispatch({ type: "retried" });
    this.#pump();
  }

  /** Drops everything: another person works here now. */
  clear(): void {
    const { items, dispatch } = useOutbox.getState();
    // All of them first: else each would make way for the next.
    for (const { clientId } of items) dispatch({ type: "removed", clientId });
    for (const stop of this.#running.values()) stop.abort();
    this.#refusals.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #pump(): void {
    for (const item of dueItems(useOutbox.getState().items)) void this.#send(item);
  }

  async #send(item: Outgoing): Promise<void> {
    const { clientId } = item;
    const { dispatch, setProgress } = useOutbox.getState();
    const stop = new AbortController();
    this.#running.set(clientId, stop);
    dispatch({ type: "started", clientId });
    const onProgress = (share: number) => {
      if (!stop.signal.aborted) setProgress(clientId, share);
    };
    try {
      const message = await this.#transport(item, { signal: stop.signal, onProgress });
      if (!stop.signal.aborted) {
        this.#hooks.accepted(item, message);
        dispatch({ type: "removed", clientId });
      }
    } catch (error) {
      if (!stop.signal.aborted) this.#handle(item, error);
    } finally {
      this.#running.delete(clientId);
      this.#pump();
    }
  }

  #handle(item: Outgoing, error: unknown): void {
    const { clientId } = item;
    const { dispatch } = useOutbox.getState();
    if (isLost(error) || this.#mayTryAgain(clientId, error)) {
      dispatch({ type: "interrupted", clientId });
      const asked = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
      const wait = Math.max(asked, Math.min(WAIT_MIN_MS * 2 ** item.attempts, WAIT_MAX_MS));
      this.#timer ??= setTimeout(() => this.resume(), wait);
      return;
    }
    const reason = sentenceOf(error);
    dispatch({ type: "failed", clientId, reason });
    this.#hooks.failed(item, reason);
  }

  #mayTryAgain(clientId: string, error: unknown): boolean {
    if (!(error instanceof ApiError) || !error.retryable) return false;
    const refusals = (this.#refusals.get(clientId) ?? 0) + 1;
    this.#refusals.set(clientId, refusals);
    return refusals < REFUSALS_MAX;
  }
}

/** Nobody answered, or a session is over that comes back with a log-in: neither is about the message. */
function isLost(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status === 401);
}

/** The server's words as a sentence, with the field that is wrong where it says one. */
function sentenceOf(error: unknown): string {
  return asSentence(reasonOf(error instanceof Error ? error : null));
}
