import type { QueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { keys } from "@/api/queries";
import { takeBack as deleteMessage, sendAgain } from "@/api/send";
import type { Message } from "@/api/types";
import type { Outgoing, OutgoingContent } from "@/features/sending/outbox";
import { awaitReport, reportSent } from "@/features/sending/reported";
import { Sender } from "@/features/sending/sender";
import { useOutbox } from "@/features/sending/store";
import { transport } from "@/features/sending/transport";
import { releaseLater } from "@/features/sending/urls";
import { announce } from "@/lib/announce";
import { randomId } from "@/lib/id";
import { useConnection } from "@/live/connection";
import { changeMessage, dropMessage, putMessage } from "@/live/messages";
import { texts } from "@/texts";

/** What a page needs to send: where answers go, and how to open a conversation that somebody is told of. */
type Page = { client: QueryClient; open: (conversationId: number) => void };

let page: Page | null = null;
let owner: number | null = null;
let numbered = 0;

const sender = new Sender(transport, { accepted, failed });

/** Called once, when the page starts. */
export function startSending(of: Page): void {
  page = of;
  useConnection.subscribe(({ open }, before) => {
    if (open && !before.open) sender.resume();
  });
  window.addEventListener("online", () => sender.resume());
  window.addEventListener("beforeunload", (event) => {
    if (useOutbox.getState().items.length > 0) event.preventDefault();
  });
}

/** What somebody left behind is theirs alone: nobody sends it in another person's name. */
export function sendAs(userId: number): void {
  if (owner !== null && owner !== userId) sender.clear();
  owner = userId;
}

/** Forgets what was not sent. */
export function stopSending(): void {
  sender.clear();
  owner = null;
}

/** Queues messages of one conversation, in this order. */
export function send(conversationId: number, contents: OutgoingContent[], replyTo: number | null): void {
  const createdAt = new Date().toISOString();
  const items = contents.map((content, at): Outgoing => {
    numbered += 1;
    const clientId = randomId();
    awaitReport(clientId);
    return {
      number: numbered,
      clientId,
      conversationId,
      content,
      // The first of several is the answer.
      replyTo: at === 0 ? replyTo : null,
      createdAt,
      state: "waiting",
      reason: null,
      attempts: 0,
    };
  });
  sender.add(items);
}

/** Reacts to a message; an empty emoji takes the reaction back. */
export function react({ id, conversationId }: Message, emoji: string): void {
  send(conversationId, [{ type: "reaction", emoji }], id);
}

export const retryOutgoing = (clientId: string): void => sender.retry(clientId);

export function removeOutgoing({ clientId, content }: Outgoing): void {
  sender.remove(clientId);
  if (content.type === "file") releaseLater(content.file.url);
}

/** Sends a message again that the server has and WhatsApp did not take, or may not have taken. */
export async function retrySent({ id, clientId }: Message): Promise<void> {
  if (clientId) awaitReport(clientId);
  const message = await sendAgain(id);
  if (page) putMessage(page.client, message);
}

/** Takes a message back that has not left. */
export async function takeBack({ id, conversationId }: Message): Promise<void> {
  await deleteMessage(id);
  if (page) dropMessage(page.client, conversationId, id);
}

/** A message of this page that the server told of. */
export function report(message: Message): void {
  const reason = reportSent(message);
  if (reason === null) return;
  if (message.type === "reaction") {
    // What was shown ahead of WhatsApp did not come true.
    toast.error(texts.sending.failed(reason));
    void page?.client.invalidateQueries({ queryKey: keys.thread(message.conversationId) });
  } else {
    tellElsewhere(message.conversationId, reason);
  }
}

function accepted(item: Outgoing, message: Message): void {
  if (page === null) return;
  putMessage(page.client, message);
  const { content, conversationId, replyTo } = item;
  if (content.type === "file") releaseLater(content.file.url);
  if (content.type === "reaction" && replyTo !== null) {
    // Until WhatsApp takes it, the server does not show it on its message.
    changeMessage(page.client, conversationId, replyTo, (target) => ({
      ...target,
      reactions: withOurs(target, message.senderPhone, content.emoji),
    }));
  }
}

function withOurs({ reactions }: Message, ours: string | null, emoji: string): Message["reactions"] {
  const others = reactions.filter(({ from }) => from !== ours);
  return emoji === "" || ours === null ? others : [...others, { emoji, from: ours }];
}

function failed({ conversationId, content, clientId }: Outgoing, reason: string): void {
  announce(texts.sending.failed(reason), "assertive");
  if (content.type === "reaction") {
    // There is no bubble that could hold it.
    sender.remove(clientId);
    toast.error(texts.sending.failed(reason));
    return;
  }
  tellElsewhere(conversationId, reason);
}

/** Who reads another conversation by now does not see the message that failed. */
function tellElsewhere(conversationId: number, reason: string): void {
  if (location.pathname === `/c/${conversationId}`) return;
  toast.error(texts.sending.failed(reason), {
    action: { label: texts.sending.show, onClick: () => page?.open(conversationId) },
  });
}
