import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keys } from "@/api/queries";
import type { Message } from "@/api/types";
import { forgetDrafts, useDrafts } from "@/features/composer/drafts";
import { ThreadContext } from "@/features/thread/context";
import { ForwardMessage } from "@/features/thread/ForwardMessage";
import { MessageActions } from "@/features/thread/MessageActions";
import { conversation, message, page } from "@/test/fixtures";

const sending = vi.hoisted(() => ({ react: vi.fn(), takeBack: vi.fn(() => Promise.resolve()) }));
vi.mock("@/features/sending/sending", () => sending);

let posted: { url: string; body: unknown }[];

beforeEach(() => {
  // A test's document has no top layer.
  HTMLElement.prototype.showPopover = () => {};
  HTMLElement.prototype.hidePopover = () => {};
  HTMLDialogElement.prototype.showModal = () => {};
  forgetDrafts();
  posted = [];
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    posted.push({ url, body: JSON.parse(String(init.body)) });
    return Promise.resolve(Response.json({ items: [] }, { status: 201 }));
  });
});
afterEach(() => vi.unstubAllGlobals());

const forward = vi.fn();

/** In a thread of an inbox with three conversations. */
function inThread(children: ReactNode) {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY } } });
  client.setQueryData(keys.conversations(""), {
    pages: [page([conversation(1, 3), conversation(2, 2), conversation(3, 1)])],
    pageParams: [undefined],
  });
  return (
    <QueryClientProvider client={client}>
      <ThreadContext value={{ conversation: conversation(1, 3), jumpTo: () => {}, forward, faded: () => {} }}>
        {children}
      </ThreadContext>
    </QueryClientProvider>
  );
}

async function open(of: Message) {
  render(inThread(<MessageActions message={of} />));
  await userEvent.click(screen.getByRole("button", { name: /more/i }));
  return within(screen.getByRole("dialog", { name: "Message actions" }));
}

it("Reply puts the message above what is written", async () => {
  await userEvent.click((await open(message(4))).getByRole("button", { name: "Reply" }));
  expect(useDrafts.getState().byConversation[1]?.replyTo).toBe(4);
  expect(screen.queryByRole("dialog")).toBeNull();
});

describe("reactions", () => {
  it("are given, and the focus stays with the message", async () => {
    await userEvent.click((await open(message(4))).getByRole("button", { name: "React with 🙏" }));
    expect(sending.react).toHaveBeenLastCalledWith(message(4), "🙏");
    expect(document.activeElement).toBe(screen.getByRole("button", { name: "React and more" }));
  });

  it("that we gave are taken back by the same button", async () => {
    const ours = message(4, { receivingPhone: "15550", reactions: [{ emoji: "🙏", from: "15550" }] });
    const button = (await open(ours)).getByRole("button", { name: "Take back 🙏" });
    expect(button.getAttribute("aria-pressed")).toBe("true");
    await userEvent.click(button);
    expect(sending.react).toHaveBeenLastCalledWith(ours, "");
  });
});

it.each(["queued", "uploading"] as const)(
  "what is %s, and unknown to WhatsApp, is neither answered nor reacted to, but taken back",
  async (status) => {
    const queued = message(4, {
      direction: "outbound",
      status,
      providerMessageId: null,
      text: "Oops",
    });
    const menu = await open(queued);
    expect(menu.queryByRole("button", { name: "Reply" })).toBeNull();
    expect(menu.queryByRole("group", { name: "React" })).toBeNull();
    await userEvent.click(menu.getByRole("button", { name: "Take back" }));
    expect(sending.takeBack).toHaveBeenCalledWith(queued);
    await waitFor(() => expect(useDrafts.getState().byConversation[1]?.text).toBe("Oops"));
  },
);

it("Forward asks where the message is to go", async () => {
  await userEvent.click((await open(message(4))).getByRole("button", { name: "Forward" }));
  expect(forward).toHaveBeenCalledWith(message(4));
});

it("a message goes on to the conversations that were chosen", async () => {
  render(inThread(<ForwardMessage message={message(4)} onClose={() => {}} />));
  const dialog = within(document.querySelector("dialog") as HTMLElement);
  for (const name of ["Customer 2", "Customer 3"]) {
    await userEvent.click(dialog.getByRole("checkbox", { name: new RegExp(name), hidden: true }));
  }
  await userEvent.click(dialog.getByRole("button", { name: "Forward", hidden: true }));
  await waitFor(() =>
    expect(posted).toEqual([
      {
        url: "/api/messages/4/forward",
        body: { conversationIds: [2, 3], clientId: expect.stringMatching(/./) },
      },
    ]),
  );
});

it("what is forwarded again after a lost answer is known by its client id, and to others it is not", async () => {
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    posted.push({ url, body: JSON.parse(String(init.body)) });
    return Promise.reject(new TypeError("the connection broke"));
  });
  render(inThread(<ForwardMessage message={message(4)} onClose={() => {}} />));
  const dialog = within(document.querySelector("dialog") as HTMLElement);
  const choose = (name: RegExp) => userEvent.click(dialog.getByRole("checkbox", { name, hidden: true }));
  const submit = async (times: number) => {
    await userEvent.click(dialog.getByRole("button", { name: "Forward", hidden: true }));
    await waitFor(() => expect(posted).toHaveLength(times));
    await dialog.findByRole("alert", { hidden: true });
  };
  await choose(/Customer 2/);
  await submit(1);
  await submit(2);
  await choose(/Customer 3/);
  await submit(3);
  const ids = posted.map(({ body }) => (body as { clientId: string }).clientId);
  expect(ids[0]).toBe(ids[1]);
  expect(ids[2]).not.toBe(ids[1]);
});

it.each([
  ["a notice of WhatsApp's", message(4, { type: "system" })],
  ["a message that was deleted", message(4, { revoked: true })],
  ["what the server does not have", message(-1, { direction: "outbound", status: "queued" })],
])("there is nothing to do with %s", (_, of) => {
  render(inThread(<MessageActions message={of} />));
  expect(screen.queryByRole("button")).toBeNull();
});
