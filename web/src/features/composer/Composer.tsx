import { Eye } from "lucide-react";
import { useState, useSyncExternalStore } from "react";
import { toast } from "sonner";
import { useMayAct } from "@/api/roles";
import type { Conversation } from "@/api/types";
import { sendFiles, sendText, sendVoice } from "@/features/composer/act";
import { changeDraft, useDraft } from "@/features/composer/drafts";
import { FileTray } from "@/features/composer/FileTray";
import { MessageField } from "@/features/composer/MessageField";
import { RecordingBar } from "@/features/composer/RecordingBar";
import { ReplyBar } from "@/features/composer/ReplyBar";
import { Recorder } from "@/features/composer/recorder";
import { VoiceReview } from "@/features/composer/VoiceReview";
import { WindowNote } from "@/features/composer/WindowNote";
import { texts } from "@/texts";

type ComposerProps = {
  conversationId: number;
  conversation: Conversation | undefined;
  /** When the customer wrote last, as far as that is known. */
  lastInboundAt: string | null | undefined;
  /** Something was written, and is on its way. */
  onSent: () => unknown;
};

/** Where a message is written, its files are gathered, or a voice note is recorded. */
export function Composer(props: ComposerProps) {
  if (useMayAct()) return <Writing {...props} />;
  return (
    <p className="flex shrink-0 items-center justify-center gap-2 border-line border-t bg-surface px-4 py-3 text-center text-muted">
      <Eye aria-hidden="true" className="size-4 shrink-0" />
      {texts.composer.viewer}
    </p>
  );
}

function Writing({ conversationId, conversation, lastInboundAt, onSent }: ComposerProps) {
  const draft = useDraft(conversationId);
  const { recorder, recording } = useRecorder(conversationId);
  return (
    <section
      aria-label={texts.composer.label}
      className="shrink-0 border-line border-t bg-surface pb-[env(safe-area-inset-bottom)]"
    >
      <div className="mx-auto flex max-w-225 flex-col gap-2 px-2 py-2 md:px-4">
        <WindowNote lastInboundAt={lastInboundAt} />
        {draft.replyTo !== null && (
          <ReplyBar
            messageId={draft.replyTo}
            conversation={conversation}
            onCancel={() => changeDraft(conversationId, { type: "replied", messageId: null })}
          />
        )}
        {recording.kind === "recording" || recording.kind === "asking" ? (
          <RecordingBar state={recording} recorder={recorder} />
        ) : draft.voice ? (
          <VoiceReview
            voice={draft.voice}
            onDrop={() => changeDraft(conversationId, { type: "voiceDropped" })}
            onSend={(voice) => {
              sendVoice(conversationId, voice, draft.replyTo);
              onSent();
            }}
          />
        ) : draft.files.length > 0 ? (
          <FileTray
            conversationId={conversationId}
            files={draft.files}
            onSend={() => {
              sendFiles(conversationId, draft);
              onSent();
            }}
          />
        ) : (
          <MessageField
            conversationId={conversationId}
            draft={draft}
            onSend={() => sendText(conversationId, draft) && onSent()}
            onRecord={() => void recorder.start()}
            refusal={recording.kind === "refused" ? recording.reason : null}
            onRefusalRead={() => recorder.cancel()}
          />
        )}
      </div>
    </section>
  );
}

/** One recorder for a conversation. Leaving that ends the recording, and keeps it where it belongs. */
function useRecorder(conversationId: number) {
  const [recorder] = useState(
    () =>
      new Recorder((voice, tooLong) => {
        changeDraft(conversationId, { type: "recorded", voice });
        if (tooLong) toast.info(texts.voice.tooLong);
      }),
  );
  const recording = useSyncExternalStore(recorder.subscribe, recorder.state);
  return { recorder, recording };
}
