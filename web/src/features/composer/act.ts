import { toast } from "sonner";
import { type Draft, type DraftFile, draftFile, factsOf, type VoiceNote } from "@/features/composer/draft";
import { changeDraft, useDrafts } from "@/features/composer/drafts";
import { CAPTION_MAX, lengthOf, problemOf, TEXT_MAX, takesCaption } from "@/features/composer/fileKind";
import { focusComposer, focusFile } from "@/features/composer/focus";
import { probe } from "@/features/composer/probe";
import type { Outgoing, OutgoingContent, OutgoingFile } from "@/features/sending/outbox";
import { removeOutgoing, send } from "@/features/sending/sending";
import { texts } from "@/texts";

/** Files that go at once. */
const FILES_MAX = 30;

/** Puts files into the composer; what they look like is found out there. */
export function addFiles(conversationId: number, files: File[], caption = ""): void {
  const waiting = useDrafts.getState().byConversation[conversationId]?.files.length ?? 0;
  const room = Math.max(0, FILES_MAX - waiting);
  if (files.length > room) toast.warning(texts.composer.tooMany(FILES_MAX));
  const added = files.slice(0, room).map((file) => ({ ...draftFile(file), caption }));
  if (added.length === 0) return;
  changeDraft(conversationId, { type: "filesAdded", files: added });
  const [first] = added;
  if (first) focusFile(first.id);
  for (const { id, file, url } of added) {
    void probe(file, url).then((fields) => changeDraft(conversationId, { type: "fileChanged", id, fields }));
  }
}

export function removeFile(conversationId: number, { id, url }: DraftFile): void {
  changeDraft(conversationId, { type: "fileRemoved", id });
  URL.revokeObjectURL(url);
}

/** Whether the words can be sent. */
export function isSendable(text: string): boolean {
  return text.trim() !== "" && lengthOf(text.trim()) <= TEXT_MAX;
}

export function sendText(conversationId: number, { text, replyTo }: Draft): boolean {
  if (!isSendable(text)) return false;
  send(conversationId, [{ type: "text", text: text.trim() }], replyTo);
  changeDraft(conversationId, { type: "textSent" });
  return true;
}

/** The first file that WhatsApp would refuse. */
export function firstRefused(files: DraftFile[]): DraftFile | undefined {
  return files.find(
    (file) =>
      problemOf(factsOf(file), file.as) !== null || (takesCaption(file.as) && isCaptionTooLong(file.caption)),
  );
}

export const isCaptionTooLong = (caption: string): boolean => lengthOf(caption.trim()) > CAPTION_MAX;

export function sendFiles(conversationId: number, { files, replyTo }: Draft): void {
  send(conversationId, files.map(contentOf), replyTo);
  changeDraft(conversationId, { type: "filesSent" });
  // The field takes the place of the files with the next frame.
  requestAnimationFrame(focusComposer);
}

function contentOf(draft: DraftFile): OutgoingContent {
  const { file, url, as, caption, isPicture, width, height, durationMs } = draft;
  const out: OutgoingFile = {
    file,
    url,
    type: as,
    caption: takesCaption(as) ? caption : "",
    voice: false,
    // What WhatsApp takes as it is stays so. A document is sent as it is, whatever it is.
    convert: as !== "document",
    isPicture,
    width,
    height,
    durationMs,
  };
  return { type: "file", file: out };
}

export function sendVoice(conversationId: number, voice: VoiceNote, replyTo: number | null): void {
  const { file, url, durationMs } = voice;
  const out: OutgoingFile = {
    file,
    url,
    durationMs,
    type: "audio",
    caption: "",
    voice: true,
    // Only Ogg with Opus is a voice note, and few browsers record that.
    convert: true,
    isPicture: false,
    width: null,
    height: null,
  };
  send(conversationId, [{ type: "file", file: out }], replyTo);
  changeDraft(conversationId, { type: "voiceSent" });
}

/** Puts what could not be sent back to where it was written, to be changed. */
export function editOutgoing(item: Outgoing): void {
  const { conversationId, content } = item;
  const { text = "" } = useDrafts.getState().byConversation[conversationId] ?? {};
  if (content.type === "file") {
    const { file, caption } = content.file;
    removeOutgoing(item);
    addFiles(conversationId, [file], caption);
  } else if (content.type === "text") {
    removeOutgoing(item);
    const words = text === "" ? content.text : `${content.text}\n${text}`;
    changeDraft(conversationId, { type: "typed", text: words });
    focusComposer();
  }
  if (item.replyTo !== null) changeDraft(conversationId, { type: "replied", messageId: item.replyTo });
}
