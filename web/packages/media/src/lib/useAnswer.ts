import { useState, useSyncExternalStore } from "react";

type Ask<T> = (signal: AbortSignal) => Promise<T>;

/** One question to the server, asked while somebody waits for the answer. A store for `useSyncExternalStore`. */
class Question<T> {
  readonly #ask: Ask<T> | null;
  #answer: T | null;
  #answered = false;

  constructor(ask: Ask<T> | null, before: T | null) {
    this.#ask = ask;
    this.#answer = before;
  }

  readonly subscribe = (changed: () => void): (() => void) => {
    if (this.#ask === null || this.#answered) return () => {};
    const left = new AbortController();
    this.#ask(left.signal).then(
      (answer) => {
        if (left.signal.aborted) return;
        this.#answered = true;
        this.#answer = answer;
        changed();
      },
      // Nobody waits any more.
      () => {},
    );
    return () => left.abort();
  };

  readonly answer = (): T | null => this.#answer;
}

/**
 * The answer to a question, null until there is one; it is asked once for each name, and again where `about` has changed: until then the
 * last answer stands. Without a name nothing is asked. What goes wrong is an answer, too.
 */
export function useAnswer<T>(name: string | null, ask: Ask<T>, about?: unknown): T | null {
  const begin = (before: T | null) => ({
    name,
    about,
    question: new Question(name === null ? null : ask, before),
  });
  const [kept, setKept] = useState(() => begin(null));
  let current = kept;
  if (kept.name !== name || kept.about !== about) {
    current = begin(kept.name === name ? kept.question.answer() : null);
    setKept(current);
  }
  return useSyncExternalStore(current.question.subscribe, current.question.answer);
}
