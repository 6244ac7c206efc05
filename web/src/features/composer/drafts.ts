import { recall, remember, remembered } from "@mediary/media/lib/storage";
import { create } from "zustand";
import { type Draft, type DraftAction, draftReducer, EMPTY_DRAFT, isEmpty } from "@/features/composer/draft";

/** Drafts of one person that this browser keeps. The oldest goes first. */
const KEPT_MAX = 50;
/** Characters of each that are kept: more than can be sent. */
const KEPT_TEXT_MAX = 8_192;
const PREFIX = "mediary.draft.";

type DraftsState = {
  byConversation: Record<number, Draft>;
  change: (conversationId: number, action: DraftAction) => void;
};

let owner: number | null = null;

/** What is written and not sent. The words outlive a reload, as the browser keeps them; files and recordings live in this page. */
export const useDrafts = create<DraftsState>((set, get) => ({
  byConversation: {},
  change: (conversationId, action) => {
    const before = get().byConversation[conversationId] ?? EMPTY_DRAFT;
    const after = draftReducer(before, action);
    if (after === before) return;
    const { [conversationId]: _, ...others } = get().byConversation;
    set({ byConversation: isEmpty(after) ? others : { ...others, [conversationId]: after } });
    if (after.text !== before.text || after.replyTo !== before.replyTo) keep(conversationId, after);
  },
}));

export const useDraft = (conversationId: number): Draft =>
  useDrafts(({ byConversation }) => byConversation[conversationId] ?? EMPTY_DRAFT);

export const changeDraft = (conversationId: number, action: DraftAction): void =>
  useDrafts.getState().change(conversationId, action);

/** Brings back what this person had written. What another one left behind is not theirs to read. */
export function openDrafts(userId: number): void {
  if (owner === userId) return;
  owner = userId;
  const byConversation: Record<number, Draft> = {};
  for (const key of remembered(PREFIX)) {
    const [user, conversation] = key.slice(PREFIX.length).split(".").map(Number);
    const kept = read(recall(key));
    if (user !== userId || !conversation || !kept) remember(key, null);
    else byConversation[conversation] = { ...EMPTY_DRAFT, text: kept.text, replyTo: kept.replyTo };
  }
  useDrafts.setState({ byConversation });
}

/** Removes every draft, from this page and from the browser. */
export function forgetDrafts(): void {
  owner = null;
  for (const key of remembered(PREFIX)) remember(key, null);
  for (const { files, voice } of Object.values(useDrafts.getState().byConversation)) {
    for (const { url } of files) URL.revokeObjectURL(url);
    if (voice) URL.revokeObjectURL(voice.url);
  }
  useDrafts.setState({ byConversation: {} });
}

type Kept = { text: string; replyTo: number | null; at: number };

function keep(conversationId: number, { text, replyTo }: Draft): void {
  if (owner === null) return;
  const key = `${PREFIX}${owner}.${conversationId}`;
  if (text === "" && replyTo === null) {
    remember(key, null);
    return;
  }
  const kept: Kept = { text: text.slice(0, KEPT_TEXT_MAX), replyTo, at: Date.now() };
  if (recall(key) === null) makeRoom();
  remember(key, JSON.stringify(kept));
}

function makeRoom(): void {
  const keys = remembered(PREFIX);
  if (keys.length < KEPT_MAX) return;
  const age = (key: string) => read(recall(key))?.at ?? 0;
  const [oldest] = keys.map((key) => ({ key, at: age(key) })).sort((a, b) => a.at - b.at);
  if (oldest) remember(oldest.key, null);
}

function read(json: string | null): Kept | null {
  try {
    const kept = JSON.parse(json ?? "null") as Partial<Kept> | null;
    if (typeof kept?.text !== "string") return null;
    const replyTo = typeof kept.replyTo === "number" ? kept.replyTo : null;
    return { text: kept.text, replyTo, at: Number(kept.at) || 0 };
  } catch {
    return null;
  }
}
