import type { FileType } from "@/api/types";

/** A file on its way out, with what this browser knows of it. */
export type OutgoingFile = {
  file: File;
  type: FileType;
  caption: string;
  voice: boolean;
  /** WhatsApp does not carry its type; the server makes one of it that it does. */
  convert: boolean;
  width: number | null;
  height: number | null;
  durationMs: number | null;
  /** Its bytes, under an address of this page. */
  url: string;
  /** This browser shows it as a picture. */
  isPicture: boolean;
};

export type OutgoingContent =
  | { type: "text"; text: string }
  | { type: "reaction"; emoji: string }
  | { type: "file"; file: OutgoingFile };

/** "waiting" has its turn to come, "offline" waits for the connection, "failed" for the person. */
export type OutgoingState = "waiting" | "sending" | "offline" | "failed";

/** A message that the server has not confirmed yet. */
export type Outgoing = {
  /** Its place in the order of this page. */
  number: number;
  /** The same in each attempt, so that no attempt doubles it. */
  clientId: string;
  conversationId: number;
  content: OutgoingContent;
  replyTo: number | null;
  createdAt: string;
  state: OutgoingState;
  /** Why it failed, for a person. */
  reason: string | null;
  /** Attempts that the connection or the server ended. */
  attempts: number;
};

export type OutboxAction =
  | { type: "added"; items: Outgoing[] }
  | { type: "started"; clientId: string }
  /** The connection broke or the server is away: it will be tried again by itself. */
  | { type: "interrupted"; clientId: string }
  | { type: "failed"; clientId: string; reason: string }
  /** A person wants a failed one tried again, or the line is back for those that wait for it. */
  | { type: "retried"; clientId?: string }
  /** The server has it, or nobody wants it any more. */
  | { type: "removed"; clientId: string };

export function outboxReducer(items: Outgoing[], action: OutboxAction): Outgoing[] {
  const change = (fields: (item: Outgoing) => Partial<Outgoing>) =>
    items.map((item) =>
      "clientId" in action && item.clientId === action.clientId ? { ...item, ...fields(item) } : item,
    );
  switch (action.type) {
    case "added":
      return [...items, ...action.items];
    case "started":
      return change(() => ({ state: "sending", reason: null }));
    case "interrupted":
      return change(({ attempts }) => ({ state: "offline", attempts: attempts + 1 }));
    case "failed":
      return change(() => ({ state: "failed", reason: action.reason }));
    case "retried":
      if (action.clientId === undefined) {
        return items.map((item) => (item.state === "offline" ? { ...item, state: "waiting" } : item));
      }
      return change(() => ({ state: "waiting", reason: null, attempts: 0 }));
    case "removed":
      return items.filter((item) => item.clientId !== action.clientId);
  }
}

/** Conversations that send at the same moment. */
const PARALLEL = 3;

/**
 * What may be sent now: of each conversation the first one that is not over, so that messages leave in the order in which they were
 * written. One that failed waits for a person and holds up nobody.
 */
export function dueItems(items: Outgoing[]): Outgoing[] {
  const sending = items.filter(({ state }) => state === "sending").length;
  const heads = new Map<number, Outgoing>();
  for (const item of items) {
    if (item.state !== "failed" && !heads.has(item.conversationId)) heads.set(item.conversationId, item);
  }
  const due = [...heads.values()].filter(({ state }) => state === "waiting");
  return due.slice(0, Math.max(0, PARALLEL - sending));
}
