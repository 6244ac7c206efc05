import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keys } from "@/api/queries";
import { addFiles } from "@/features/composer/act";
import { Composer } from "@/features/composer/Composer";
import { changeDraft, forgetDrafts, openDrafts, useDrafts } from "@/features/composer/drafts";
import type { OutgoingContent } from "@/features/sending/outbox";
import { message } from "@/test/fixtures";

const sending = vi.hoisted(() => ({ send: vi.fn() }));
vi.mock("@/features/sending/sending", () => sending);

const HOUR = 3_600_000;

const onSent = vi.fn();

function show(role = "agent", lastInboundAt: string | null = new Date().toISOString()) {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY } } });
  client.setQueryData(keys.me, { role });
  client.setQueryData(keys.message(4), message(4, { text: "When do you open?" }));
  return render(
    <QueryClientProvider client={client}>
      <Composer onSent={onSent} conversation={undefined} conversationId={1} lastInboundAt={lastInboundAt} />
    </QueryClientProvider>,
  );
}

const field = () => screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Message" });
const sent = () => sending.send.mock.calls as [number, OutgoingContent[], number | null][];
const photo = (name = "mugs.jpg", size = 10) => new File(["x".repeat(size)], name, { type: "image/jpeg" });

beforeEach(() => {
  sending.send.mockReset();
  localStorage.clear();
  forgetDrafts();
  openDrafts(1);
  vi.spyOn(URL, "createObjectURL").mockImplementation(() => "blob:x");
  vi.spyOn(URL, "revokeObjectURL").mockImplementation(() => {});
});
afterEach(() => vi.unstubAllGlobals());

describe("a text", () => {
  it("is sent by Enter, without the space around it, and the field is empty again", async () => {
    show();
    await userEvent.type(field(), "  Good morning {Enter}");
    expect(sent()).toEqual([[1, [{ type: "text", text: "Good morning" }], null]]);
    expect(field().value).toBe("");
    expect(document.activeElement).toBe(field());
  });

  it("tells the thread that it is on its way, and only then", async () => {
    onSent.mockReset();
    show();
    await userEvent.type(field(), "Good morning");
    expect(onSent).not.toHaveBeenCalled();
    await userEvent.type(field(), "{Enter}");
    expect(onSent).toHaveBeenCalledOnce();
  });

  it("gets a new line by Shift + Enter", async () => {
    show();
    await userEvent.type(field(), "a{Shift>}{Enter}{/Shift}b");
    expect(field().value).toBe("a\nb");
    expect(sent()).toEqual([]);
  });

  it("is not sent by the Enter that ends a word of an input method", async () => {
    show();
    await userEvent.type(field(), "にほん");
    fireEvent.keyDown(field(), { key: "Enter", isComposing: true });
    fireEvent.keyDown(field(), { key: "Enter", keyCode: 229 });
    expect(sent()).toEqual([]);
  });

  it("of nothing but space is not sent", async () => {
    show();
    await userEvent.type(field(), "  {Enter}");
    expect(sent()).toEqual([]);
  });

  it("that is too long says by how much, and is not sent", async () => {
    show();
    fireEvent.change(field(), { target: { value: "x".repeat(4_000) } });
    expect(screen.getByText("96 characters left")).toBeTruthy();
    fireEvent.change(field(), { target: { value: "x".repeat(4_100) } });
    expect(screen.getByText("4 characters too many")).toBeTruthy();
    await userEvent.type(field(), "{Enter}");
    expect(sent()).toEqual([]);
  });

  it("that answers a message says which, and Esc lets go of that", async () => {
    changeDraft(1, { type: "replied", messageId: 4 });
    show();
    expect(screen.getByRole("group", { name: /Replying to Amelia Hart: When do you open/ })).toBeTruthy();
    await userEvent.type(field(), "At nine{Enter}");
    expect(sent()[0]?.[2]).toBe(4);
    changeDraft(1, { type: "replied", messageId: 4 });
    await userEvent.type(field(), "{Escape}");
    expect(screen.queryByRole("group", { name: /Replying/ })).toBeNull();
  });
});

it("a viewer sees why there is nothing to write with", () => {
  show("viewer");
  expect(screen.getByText(/needs the role of an agent/)).toBeTruthy();
  expect(screen.queryByRole("textbox")).toBeNull();
});

it("says before sending that WhatsApp may refuse, a day after the customer's last words", () => {
  const { unmount } = show("agent", new Date(Date.now() - 25 * HOUR).toISOString());
  expect(screen.getByText(/more than 24 hours/)).toBeTruthy();
  unmount();
  show("agent", new Date(Date.now() - 23 * HOUR).toISOString());
  expect(screen.queryByText(/more than 24 hours/)).toBeNull();
});

describe("files", () => {
  const card = (name: string) => screen.getByRole("listitem", { name });
  const add = async (...files: File[]) => {
    addFiles(1, files);
    await screen.findByRole("listitem", { name: files[0]?.name ?? "" });
  };

  it("chosen in the picker wait with a caption each, and leave in their order", async () => {
    show();
    await userEvent.upload(screen.getByLabelText<HTMLInputElement>("Attach files", { selector: "input" }), [
      photo("a.jpg"),
      photo("b.jpg"),
    ]);
    await userEvent.type(screen.getByRole("textbox", { name: "Caption of a.jpg" }), "First");
    await userEvent.click(screen.getByRole("button", { name: "Send b.jpg earlier" }));
    await userEvent.click(screen.getByRole("button", { name: "Send" }));
    const files = sent()[0]?.[1].flatMap((content) => (content.type === "file" ? [content.file] : []));
    expect(files?.map(({ file, type, caption }) => [file.name, type, caption])).toEqual([
      ["b.jpg", "image", ""],
      ["a.jpg", "image", "First"],
    ]);
    expect(useDrafts.getState().byConversation[1]).toBeUndefined();
  });

  const sized = (name: string, type: string, size: number) =>
    Object.defineProperty(new File(["x"], name, { type }), "size", { value: size });

  it("that WhatsApp would refuse do not leave, and can go as a document", async () => {
    show();
    await add(sized("large.mp3", "audio/mpeg", 17_000_000));
    const send = () => userEvent.click(screen.getByRole("button", { name: "Send" }));
    await send();
    expect(sent()).toEqual([]);
    expect(document.activeElement).toBe(card("large.mp3"));
    await userEvent.click(screen.getByRole("button", { name: "Send as document" }));
    await send();
    expect(sent()[0]?.[1][0]).toMatchObject({ type: "file", file: { type: "document", convert: false } });
  });

  it("that are photos beyond WhatsApp's limit are made smaller, and say so", async () => {
    show();
    await add(sized("large.jpg", "image/jpeg", 8_000_000));
    expect(within(card("large.jpg")).getByText("will be made smaller")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Send" }));
    expect(sent()[0]?.[1][0]).toMatchObject({ file: { type: "image", convert: true } });
  });

  it("say at once that WhatsApp does not carry their kind", async () => {
    show();
    await add(new File(["x"], "a.zip", { type: "application/zip" }));
    expect(within(card("a.zip")).getByRole("alert").textContent).toMatch(/does not carry/);
  });

  it("that the browser took for WebP go as a converted photo, or as the sticker that somebody chose", async () => {
    show();
    await add(new File(["x"], "a.webp", { type: "image/webp" }));
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Send a.webp as" }), "sticker");
    expect(screen.queryByRole("textbox", { name: /Caption/ })).toBeNull();
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Send a.webp as" }), "image");
    await userEvent.click(screen.getByRole("button", { name: "Send" }));
    expect(sent()[0]?.[1][0]).toMatchObject({ file: { type: "image", convert: true } });
  });

  it("hand the focus on when they are removed", async () => {
    show();
    await add(photo("a.jpg"), photo("b.jpg"));
    await userEvent.click(screen.getByRole("button", { name: "Remove a.jpg" }));
    expect(document.activeElement).toBe(card("b.jpg"));
    await userEvent.click(screen.getByRole("button", { name: "Remove b.jpg" }));
    await waitFor(() => expect(document.activeElement).toBe(field()));
  });
});
