import type { Message } from "@/api/types";

/** What the thread knows from elsewhere. */
export type Told = {
  /** Oldest first. */
  messages: Message[];
  /** Whether they reach down to the newest. */
  attached: boolean;
  /** How many the reader has not seen, where that is known. */
  unread: number | null;
  /** Whether somebody sees the newest one right now. */
  seeing: boolean;
};

/** What the list holds on to until the reader moves. */
export type Place =
  | { kind: "end" }
  /** The oldest message, however many have to be loaded on the way. */
  | { kind: "start" }
  /** `asked`: the server was asked for it, as it was not loaded. */
  | { kind: "message"; messageId: number; asked: boolean }
  | { kind: "reader" };

export type ThreadState = {
  told: Told;
  /** The message that the URL leads to. */
  link: number | undefined;
  place: Place;
  highlighted: number | null;
  /** Whether the list is scrolled to its end, which is the newest message only where that is loaded. */
  atEnd: boolean;
  /** Whether the list follows what is added below. A page that closes the gap to the newest is no arrival. */
  follows: boolean;
  /** The newest message when it was last looked for new ones. */
  newest: number | null;
  /** The newest message when the reader was last at the end. */
  seen: number | null;
  /** The message above which the new ones begin. It stays until the conversation is left. */
  divider: number | null;
};

export type ThreadAction =
  | { type: "told"; told: Told }
  | { type: "linked"; link: number | undefined }
  /** Somebody asks for a message: twice for the same one is two jumps. */
  | { type: "jumped"; messageId: number }
  | { type: "asked" }
  /** The message that was asked for does not exist. */
  | { type: "missing" }
  | { type: "toEnd" }
  | { type: "toStart" }
  /** By the reader's hand: scroll events do not tell it from the list's own corrections. */
  | { type: "moved" }
  | { type: "scrolled"; atEnd: boolean }
  | { type: "faded" };

const NOTHING: Told = { messages: [], attached: false, unread: null, seeing: false };

/** A thread opens at its newest message, or where the URL says. */
export function openThread(link: number | undefined): ThreadState {
  return {
    told: NOTHING,
    link,
    place: link === undefined ? { kind: "end" } : placeOf(link),
    highlighted: link ?? null,
    atEnd: true,
    follows: false,
    newest: null,
    seen: null,
    divider: null,
  };
}

export function threadReducer(state: ThreadState, action: ThreadAction): ThreadState {
  switch (action.type) {
    case "told":
      return told(state, action.told);
    case "linked":
      return linked(state, action.link);
    case "jumped":
      return jumped(state, action.messageId);
    case "asked":
      return state.place.kind === "message" ? { ...state, place: { ...state.place, asked: true } } : state;
    case "missing":
      // Who was led nowhere from the beginning sees the newest; who was reading stays where they are.
      return { ...state, highlighted: null, place: { kind: state.seen === null ? "end" : "reader" } };
    case "toEnd":
      return { ...state, place: { kind: "end" } };
    case "toStart":
      return { ...state, place: { kind: "start" } };
    case "moved":
      return state.place.kind === "reader" ? state : { ...state, place: { kind: "reader" } };
    case "scrolled":
      return action.atEnd === state.atEnd ? state : withSeen({ ...state, atEnd: action.atEnd });
    case "faded":
      return state.highlighted === null ? state : { ...state, highlighted: null };
  }
}

/** Whether the thread has not been told this yet. */
export function isNews({ told: last }: ThreadState, now: Told): boolean {
  return (
    last.messages !== now.messages ||
    last.attached !== now.attached ||
    last.unread !== now.unread ||
    last.seeing !== now.seeing
  );
}

/** The message that has to be fetched for the place that was asked for. */
export function wantedMessage({ place, told: { messages } }: ThreadState): number | null {
  if (place.kind !== "message" || place.asked || messages.length === 0) return null;
  return messages.some(({ id }) => id === place.messageId) ? null : place.messageId;
}

/** How many messages came in since the reader was last at the end. */
export function freshCount({ told: { messages }, seen }: ThreadState): number {
  const at = messages.findIndex(({ id }) => id === seen);
  return at === -1 ? 0 : messages.slice(at + 1).filter(isInbound).length;
}

export function nthNewestInbound(messages: Message[], n: number): number | null {
  if (n <= 0) return null;
  const inbound = messages.filter(isInbound);
  return inbound.at(-n)?.id ?? inbound[0]?.id ?? null;
}

const isInbound = ({ direction }: Message): boolean => direction === "inbound";

function placeOf(messageId: number): Place {
  return { kind: "message", messageId, asked: false };
}

/** A jump changes the URL; what the URL says then is no other jump. */
function linked(state: ThreadState, link: number | undefined): ThreadState {
  const isThere = state.place.kind === "message" && state.place.messageId === link;
  return { ...(link === undefined || isThere ? state : jumped(state, link)), link };
}

function jumped(state: ThreadState, messageId: number): ThreadState {
  return { ...state, place: placeOf(messageId), highlighted: messageId };
}

function told(state: ThreadState, now: Told): ThreadState {
  const follows = state.told.attached && now.attached;
  return withSeen(withDivider({ ...state, told: now, follows }));
}

/** By the unread count once the newest are loaded, later by what arrived unseen. */
function withDivider(state: ThreadState): ThreadState {
  const { messages, attached, unread, seeing } = state.told;
  const last = messages.at(-1);
  if (last === undefined || unread === null || !attached) return state;
  if (state.newest === null) {
    return { ...state, newest: last.id, divider: nthNewestInbound(messages, unread) };
  }
  if (state.divider !== null || seeing) return { ...state, newest: last.id };
  const known = messages.findIndex(({ id }) => id === state.newest);
  const arrived = known === -1 ? [] : messages.slice(known + 1);
  return { ...state, newest: last.id, divider: arrived.find(isInbound)?.id ?? null };
}

function withSeen(state: ThreadState): ThreadState {
  const last = state.told.messages.at(-1)?.id ?? null;
  const isRead = (state.atEnd && state.told.attached) || state.seen === null;
  return isRead ? { ...state, seen: last } : state;
}
