import { useRef } from "react";
import { firstRefused } from "@/features/composer/act";
import type { DraftFile } from "@/features/composer/draft";
import { FileCard } from "@/features/composer/FileCard";
import { focusLeft } from "@/features/composer/focus";
import { AttachButton, SendButton } from "@/features/composer/MessageField";
import { announce } from "@/lib/announce";
import { texts } from "@/texts";

type FileTrayProps = { conversationId: number; files: DraftFile[]; onSend: () => void };

/** The files that are about to go, each with its caption, in their order. */
export function FileTray({ conversationId, files, onSend }: FileTrayProps) {
  const list = useRef<HTMLUListElement>(null);
  const refused = firstRefused(files);
  const submit = () => {
    if (refused === undefined) return onSend();
    // The button stays in reach, and says what is in the way.
    announce(texts.composer.refused(refused.file.name), "assertive");
    list.current?.querySelector<HTMLElement>(`[data-file="${refused.id}"]`)?.focus();
  };
  return (
    <div ref={focusLeft} className="flex flex-col gap-2">
      <ul
        ref={list}
        aria-label={texts.composer.files(files.length)}
        className="flex max-h-[min(22rem,45dvh)] flex-col gap-2 overflow-y-auto p-0.5"
      >
        {files.map((file, at) => (
          <FileCard
            key={file.id}
            conversationId={conversationId}
            draft={file}
            isFirst={at === 0}
            isLast={at === files.length - 1}
            onSubmit={submit}
            onGone={() => focusCard(list.current, files[at + 1] ?? files[at - 1])}
          />
        ))}
      </ul>
      <div className="flex items-center gap-2">
        <AttachButton conversationId={conversationId} />
        <p className="min-w-0 flex-1 truncate text-muted">{texts.composer.files(files.length)}</p>
        <SendButton onClick={submit} />
      </div>
    </div>
  );
}

/** Where the focus goes when the card that had it is gone. */
function focusCard(list: HTMLUListElement | null, next: DraftFile | undefined): void {
  if (next) list?.querySelector<HTMLElement>(`[data-file="${next.id}"]`)?.focus();
}
