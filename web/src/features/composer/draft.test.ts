import { beforeEach, describe, expect, it } from "vitest";
import {
  type Draft,
  type DraftAction,
  draftFile,
  draftReducer,
  EMPTY_DRAFT,
} from "@/features/composer/draft";
import { changeDraft, forgetDrafts, openDrafts, useDrafts } from "@/features/composer/drafts";

const photo = (name: string) => draftFile(new File(["x"], name, { type: "image/jpeg" }));
const changed = (draft: Draft, ...actions: DraftAction[]) => actions.reduce(draftReducer, draft);
const names = ({ files }: Draft) => files.map(({ file }) => file.name);

describe("files in a draft", () => {
  const [a, b] = [photo("a.jpg"), photo("b.jpg")];
  const both = changed(EMPTY_DRAFT, { type: "filesAdded", files: [a, b] });

  it("move among each other, and no further than the ends", () => {
    expect(names(changed(both, { type: "fileMoved", id: b.id, step: -1 }))).toEqual(["b.jpg", "a.jpg"]);
    expect(names(changed(both, { type: "fileMoved", id: a.id, step: -1 }))).toEqual(["a.jpg", "b.jpg"]);
    expect(names(changed(both, { type: "fileMoved", id: b.id, step: 1 }))).toEqual(["a.jpg", "b.jpg"]);
  });

  it("of the same name are two files", () => {
    const twins = [photo("a.jpg"), photo("a.jpg")];
    const draft = changed(EMPTY_DRAFT, { type: "filesAdded", files: twins });
    expect(changed(draft, { type: "fileRemoved", id: twins[0]?.id ?? "" }).files).toEqual([twins[1]]);
  });

  it("take what was written as the first one's caption, and give it back", () => {
    const written = changed(EMPTY_DRAFT, { type: "typed", text: "Look" });
    const added = changed(written, { type: "filesAdded", files: [a] });
    expect([added.text, added.files[0]?.caption]).toEqual(["", "Look"]);
    expect(changed(added, { type: "fileRemoved", id: a.id })).toEqual(written);
  });

  it("leave the words alone where the file cannot have a caption", () => {
    const sound = draftFile(new File(["x"], "a.mp3", { type: "audio/mpeg" }));
    const written = changed(EMPTY_DRAFT, { type: "typed", text: "Listen" });
    const sent = changed(written, { type: "filesAdded", files: [sound] }, { type: "filesSent" });
    expect(sent.text).toBe("Listen");
  });
});

describe("drafts", () => {
  beforeEach(() => {
    localStorage.clear();
    forgetDrafts();
    openDrafts(1);
  });
  const texts = () =>
    Object.fromEntries(
      Object.entries(useDrafts.getState().byConversation).map(([id, { text }]) => [id, text]),
    );
  /** As a new page finds them: another person's leave nothing, so what the browser had is put back. */
  const reload = () => {
    const kept = { ...localStorage };
    openDrafts(0);
    for (const [key, value] of Object.entries(kept)) localStorage.setItem(key, value);
    openDrafts(1);
  };

  it("outlive a reload, each in its conversation", () => {
    changeDraft(5, { type: "typed", text: "Half a sentence" });
    changeDraft(5, { type: "replied", messageId: 77 });
    changeDraft(6, { type: "typed", text: "Another" });
    reload();
    expect(texts()).toEqual({ 5: "Half a sentence", 6: "Another" });
    expect(useDrafts.getState().byConversation[5]?.replyTo).toBe(77);
  });

  it("are gone once they are sent", () => {
    changeDraft(5, { type: "typed", text: "Hello" });
    changeDraft(5, { type: "textSent" });
    expect(texts()).toEqual({});
    expect(localStorage.length).toBe(0);
  });

  it("are one person's alone", () => {
    changeDraft(5, { type: "typed", text: "Mine" });
    openDrafts(2);
    expect(texts()).toEqual({});
    expect(localStorage.length).toBe(0);
  });

  it("are forgotten at the log-out", () => {
    changeDraft(5, { type: "typed", text: "Mine" });
    forgetDrafts();
    expect(localStorage.length).toBe(0);
    openDrafts(1);
    expect(texts()).toEqual({});
  });

  it("are kept for so many conversations, and no more", () => {
    for (let id = 1; id <= 60; id++) changeDraft(id, { type: "typed", text: `Draft ${id}` });
    expect(localStorage.length).toBe(50);
    changeDraft(60, { type: "typed", text: "x".repeat(20_000) });
    const kept = localStorage.getItem("mediary.draft.1.60") ?? "";
    expect(kept.length).toBeLessThan(9_000);
  });

  it("that the browser holds in a form that nobody knows are dropped", () => {
    localStorage.setItem("mediary.draft.1.9", "{not json");
    localStorage.setItem("mediary.draft.1.x", JSON.stringify({ text: "?" }));
    reload();
    expect(texts()).toEqual({});
  });
});
