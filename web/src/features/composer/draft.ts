import type { FileType } from "@/api/types";
import {
  CAPTION_MAX,
  choicesFor,
  type FileFacts,
  lengthOf,
  takesCaption,
} from "@/features/composer/fileKind";
import type { Probed } from "@/features/composer/probe";
import { randomId } from "@/lib/id";

/** A file that waits in the composer. */
export type DraftFile = Probed & {
  /** Two files may have the same name. */
  id: string;
  file: File;
  /** Its bytes, under an address of this page. */
  url: string;
  as: FileType;
  caption: string;
};

/** What decides whether WhatsApp takes it. */
export function factsOf({ file, animated, durationMs }: DraftFile): FileFacts {
  return { name: file.name, type: file.type, size: file.size, animated, durationMs };
}

/** A recording that can be listened to before it is sent. */
export type VoiceNote = { file: File; url: string; durationMs: number };

/** What somebody has written in a conversation and not sent. */
export type Draft = {
  text: string;
  /** The message that it answers. */
  replyTo: number | null;
  /** In the order in which they will be sent. */
  files: DraftFile[];
  voice: VoiceNote | null;
};

export const EMPTY_DRAFT: Draft = { text: "", replyTo: null, files: [], voice: null };

export type DraftAction =
  | { type: "typed"; text: string }
  | { type: "replied"; messageId: number | null }
  | { type: "filesAdded"; files: DraftFile[] }
  | { type: "fileChanged"; id: string; fields: Partial<Omit<DraftFile, "id" | "file" | "url">> }
  | { type: "fileMoved"; id: string; step: -1 | 1 }
  | { type: "fileRemoved"; id: string }
  | { type: "recorded"; voice: VoiceNote }
  | { type: "voiceDropped" }
  | { type: "textSent" }
  | { type: "filesSent" }
  | { type: "voiceSent" };

export function draftReducer(draft: Draft, action: DraftAction): Draft {
  switch (action.type) {
    case "typed":
      return { ...draft, text: action.text };
    case "replied":
      return { ...draft, replyTo: action.messageId };
    case "filesAdded":
      return withFiles(draft, action.files);
    case "fileChanged": {
      const change = (file: DraftFile) => (file.id === action.id ? { ...file, ...action.fields } : file);
      return { ...draft, files: draft.files.map(change) };
    }
    case "fileMoved":
      return { ...draft, files: moved(draft.files, action.id, action.step) };
    case "fileRemoved": {
      const gone = draft.files.find(({ id }) => id === action.id);
      const files = draft.files.filter(({ id }) => id !== action.id);
      // What was written is no file's alone.
      const text = files.length === 0 && draft.text === "" ? (gone?.caption ?? "") : draft.text;
      return { ...draft, files, text };
    }
    case "recorded":
      return { ...draft, voice: action.voice };
    case "voiceDropped":
      return { ...draft, voice: null };
    case "textSent":
      return { ...draft, text: "", replyTo: null };
    case "filesSent":
      return { ...draft, files: [], replyTo: null };
    case "voiceSent":
      return { ...draft, voice: null, replyTo: null };
  }
}

/** What was written already becomes the caption of the first file, where it can have one. */
function withFiles(draft: Draft, added: DraftFile[]): Draft {
  const files = [...draft.files, ...added];
  const [first, ...rest] = files;
  const fits = lengthOf(draft.text) <= CAPTION_MAX;
  const isFree = first !== undefined && first.caption === "" && takesCaption(first.as);
  if (draft.files.length > 0 || !isFree || !fits) return { ...draft, files };
  return { ...draft, text: "", files: [{ ...first, caption: draft.text }, ...rest] };
}

function moved(files: DraftFile[], id: string, step: -1 | 1): DraftFile[] {
  const from = files.findIndex((file) => file.id === id);
  const to = from + step;
  const [file, other] = [files[from], files[to]];
  if (!file || !other) return files;
  return files.map((one, at) => (at === from ? other : at === to ? file : one));
}

export const isEmpty = ({ text, replyTo, files, voice }: Draft): boolean =>
  text === "" && replyTo === null && files.length === 0 && voice === null;

/** A file as it comes into the composer; what it looks like is found out afterwards. */
export function draftFile(file: File): DraftFile {
  return {
    id: randomId(),
    file,
    url: URL.createObjectURL(file),
    as: choicesFor(file)[0] ?? "document",
    caption: "",
    isPicture: false,
    animated: false,
    width: null,
    height: null,
    durationMs: null,
  };
}
