import { create } from "zustand";
import type { LiveEvent, LiveEventName } from "@/api/types";

const EVENTS_URL = "/api/events";
const REOPEN_MIN_MS = 1_000;
const REOPEN_MAX_MS = 30_000;

const EVENT_NAMES: readonly LiveEventName[] = [
  "message.created",
  "message.updated",
  "conversation.updated",
  "media.progress",
  "media.completed",
  "media.failed",
  "media.deleted",
  "account.updated",
];

type ConnectionState = {
  open: boolean;
  since: number;
  /** It was tried, and the server did not answer. */
  away: boolean;
  set: (open: boolean) => void;
};

/** Whether events flow, and since when that has been so. */
export const useConnection = create<ConnectionState>((set) => ({
  open: false,
  since: Date.now(),
  away: false,
  set: (open) =>
    set((state) => (state.open === open ? { away: !open } : { open, since: Date.now(), away: !open })),
}));

type Handlers = {
  event: (name: LiveEventName, event: LiveEvent) => void;
  /** Events flow again, and none was missed. */
  resumed: () => void;
  resync: () => void;
  /** The server refused the stream: perhaps the session is over. */
  refused: () => void;
};

/** Opens the event stream and keeps it open until the returned function is called. */
export function connect(handlers: Handlers): () => void {
  let source: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wait = REOPEN_MIN_MS;
  let missed = false;
  const { set } = useConnection.getState();

  const open = () => {
    source = new EventSource(EVENTS_URL);
    source.onopen = () => {
      set(true);
      wait = REOPEN_MIN_MS;
      if (missed) handlers.resync();
      else handlers.resumed();
      missed = false;
    };
    source.onerror = () => {
      set(false);
      // The browser itself reconnects after a lost connection, and resumes; after a refusal it gives up.
      if (source.readyState !== EventSource.CLOSED) return;
      missed = true;
      handlers.refused();
      timer = setTimeout(open, wait);
      wait = Math.min(wait * 2, REOPEN_MAX_MS);
    };
    source.addEventListener("resync", handlers.resync);
    for (const name of EVENT_NAMES) {
      source.addEventListener(name, (message: MessageEvent<string>) => {
        handlers.event(name, JSON.parse(message.data) as LiveEvent);
      });
    }
  };
  const offline = () => set(false);
  const online = () => {
    // A half-dead connection would take minutes to notice.
    source.close();
    clearTimeout(timer);
    missed = true;
    open();
  };
  window.addEventListener("offline", offline);
  window.addEventListener("online", online);
  open();

  return () => {
    window.removeEventListener("offline", offline);
    window.removeEventListener("online", online);
    clearTimeout(timer);
    source.close();
    useConnection.setState({ open: false, since: Date.now(), away: false });
  };
}
