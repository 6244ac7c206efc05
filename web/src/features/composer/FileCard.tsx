import { plainName } from "@mediary/media/lib/bidi";
import { formatBytes } from "@mediary/media/lib/format";
import { IconButton } from "@mediary/media/ui/button";
import { clsx } from "clsx";
import { ArrowDown, ArrowUp, CircleAlert, X } from "lucide-react";
import type { KeyboardEvent } from "react";
import type { FileType } from "@/api/types";
import { isCaptionTooLong, removeFile } from "@/features/composer/act";
import { type DraftFile, factsOf } from "@/features/composer/draft";
import { changeDraft } from "@/features/composer/drafts";
import { FileThumb } from "@/features/composer/FileThumb";
import {
  CAPTION_MAX,
  choicesFor,
  conversionOf,
  lengthOf,
  problemOf,
  takesCaption,
} from "@/features/composer/fileKind";
import { announce } from "@/lib/announce";
import { texts } from "@/texts";

type FileCardProps = {
  conversationId: number;
  draft: DraftFile;
  isFirst: boolean;
  isLast: boolean;
  onSubmit: () => void;
  onGone: () => void;
};

/** One file that waits to be sent: how it looks, as what it goes, its words, its place. */
export function FileCard({ conversationId, draft, isFirst, isLast, onSubmit, onGone }: FileCardProps) {
  const { id, file, as, caption } = draft;
  const change = (fields: Partial<Pick<DraftFile, "as" | "caption">>) =>
    changeDraft(conversationId, { type: "fileChanged", id, fields });
  return (
    <li
      data-file={id}
      tabIndex={-1}
      aria-label={file.name}
      className="flex gap-3 rounded-xl border border-line bg-raised p-2"
    >
      <FileThumb draft={draft} />
      <div className="flex min-w-0 flex-1 flex-col gap-1.5">
        <div className="flex items-start gap-2">
          <div className="min-w-0 flex-1">
            <bdi className="block truncate font-medium" title={file.name}>
              {plainName(file.name)}
            </bdi>
            <span className="flex flex-wrap items-center gap-x-2 text-muted text-xs">
              {formatBytes(file.size)}
              <SendAs draft={draft} onChange={(kind) => change({ as: kind })} />
            </span>
          </div>
          <div className="-me-1 -mt-1 flex shrink-0">
            {!(isFirst && isLast) && (
              <>
                <Move conversationId={conversationId} draft={draft} step={-1} atEnd={isFirst} />
                <Move conversationId={conversationId} draft={draft} step={1} atEnd={isLast} />
              </>
            )}
            <IconButton
              label={texts.composer.remove(file.name)}
              onClick={() => {
                removeFile(conversationId, draft);
                onGone();
              }}
              className="size-8"
            >
              <X className="size-4" />
            </IconButton>
          </div>
        </div>
        {takesCaption(as) && (
          <Caption
            name={file.name}
            value={caption}
            onChange={(words) => change({ caption: words })}
            onSubmit={onSubmit}
          />
        )}
        <Problem draft={draft} onSendAs={(kind) => change({ as: kind })} />
      </div>
    </li>
  );
}

type MoveProps = { conversationId: number; draft: DraftFile; step: -1 | 1; atEnd: boolean };

/** Stays in reach at the end, so that the focus of who moves a file there stays as well. */
function Move({ conversationId, draft, step, atEnd }: MoveProps) {
  const { id, file } = draft;
  const Icon = step < 0 ? ArrowUp : ArrowDown;
  return (
    <IconButton
      label={step < 0 ? texts.composer.moveUp(file.name) : texts.composer.moveDown(file.name)}
      aria-disabled={atEnd}
      onClick={({ currentTarget }) => {
        if (atEnd) return;
        changeDraft(conversationId, { type: "fileMoved", id, step });
        announce(texts.composer.moved(file.name, step));
        // An element that is moved in the page loses the focus.
        requestAnimationFrame(() => currentTarget.focus());
      }}
      className="size-8 aria-disabled:opacity-40"
    >
      <Icon className="size-4" />
    </IconButton>
  );
}

function SendAs({ draft, onChange }: { draft: DraftFile; onChange: (as: FileType) => void }) {
  const { file, as } = draft;
  const choices = choicesFor(file);
  const conversion = conversionOf(factsOf(draft), as);
  const note = conversion && texts.composer.conversion[conversion];
  if (choices.length < 2) {
    return (
      <span>
        {choices.length === 1 && texts.composer.sentAs(texts.composer.as[as])}
        {note && ` · ${note}`}
      </span>
    );
  }
  return (
    <>
      <select
        aria-label={texts.composer.sendAs(file.name)}
        value={as}
        onChange={(event) => onChange(event.target.value as FileType)}
        className="min-h-6 rounded-md border border-line bg-surface px-1 text-text pointer-coarse:min-h-8"
      >
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {texts.composer.sentAs(texts.composer.as[choice])}
          </option>
        ))}
      </select>
      {note && <span>{note}</span>}
    </>
  );
}

type CaptionProps = { name: string; value: string; onChange: (words: string) => void; onSubmit: () => void };

function Caption({ name, value, onChange, onSubmit }: CaptionProps) {
  const tooLong = isCaptionTooLong(value);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    onSubmit();
  };
  return (
    <>
      <textarea
        dir="auto"
        rows={1}
        value={value}
        aria-label={texts.composer.captionFor(name)}
        placeholder={texts.composer.caption}
        aria-invalid={tooLong || undefined}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={onKeyDown}
        className={clsx(
          "field-sizing-content max-h-24 min-h-9 w-full resize-none rounded-lg bg-sunken px-2.5 py-1.5 outline-offset-0 placeholder:text-muted",
          tooLong && "ring-1 ring-danger",
        )}
      />
      {tooLong && (
        <p role="status" className="text-danger text-xs">
          {texts.composer.tooLong(lengthOf(value.trim()) - CAPTION_MAX)}
        </p>
      )}
    </>
  );
}

/** Why WhatsApp would refuse it, and the way on. */
function Problem({ draft, onSendAs }: { draft: DraftFile; onSendAs: (as: FileType) => void }) {
  const problem = problemOf(factsOf(draft), draft.as);
  if (problem === null) return null;
  const { sentence, instead } = problem;
  return (
    <p role="alert" className="flex items-start gap-2 text-[0.8125rem] text-danger">
      <CircleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
      <span className="min-w-0 flex-1">
        {sentence}{" "}
        {instead && (
          <button
            type="button"
            onClick={() => onSendAs(instead)}
            className="min-h-6 rounded-md font-semibold underline hover:bg-danger-soft pointer-coarse:min-h-9"
          >
            {texts.composer.sendInstead(texts.composer.as[instead])}
          </button>
        )}
      </span>
    </p>
  );
}
