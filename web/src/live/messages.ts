import type { QueryClient } from "@tanstack/react-query";
import { keys, type ThreadData } from "@/api/queries";
import type { Message } from "@/api/types";
import { isNewer, mapMessages, removeMessage, upsertMessage } from "@/live/patch";

/** Puts a newer state of a message wherever the query cache has it, or adds it to its thread. */
export function putMessage(client: QueryClient, message: Message): void {
  client.setQueryData<Message>(keys.message(message.id), (known) =>
    known && isNewer(known, message) ? known : message,
  );
  // A reaction stands on its message, and is none of the thread.
  if (message.type === "reaction") return;
  client.setQueryData<ThreadData>(
    keys.thread(message.conversationId),
    (thread) => thread && upsertMessage(thread, message),
  );
}

/** Takes a message away that is gone from the server: it was taken back before it left. */
export function dropMessage(client: QueryClient, conversationId: number, id: number): void {
  client.removeQueries({ queryKey: keys.message(id) });
  client.setQueryData<ThreadData>(
    keys.thread(conversationId),
    (thread) => thread && removeMessage(thread, id),
  );
}

/** Changes a message where the query cache has it, ahead of the server. */
export function changeMessage(
  client: QueryClient,
  conversationId: number,
  id: number,
  change: (message: Message) => Message,
): void {
  client.setQueryData<Message>(keys.message(id), (message) => message && change(message));
  client.setQueryData<ThreadData>(
    keys.thread(conversationId),
    (thread) => thread && mapMessages(thread, (item) => (item.id === id ? change(item) : item)),
  );
}
