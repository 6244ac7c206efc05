import { useShortcuts } from "@mediary/media/lib/shortcuts";
import { IconButton } from "@mediary/media/ui/button";
import { clsx } from "clsx";
import { Mic, MicOff, Paperclip, SendHorizontal, X } from "lucide-react";
import { type KeyboardEvent, useRef } from "react";
import { addFiles, isSendable } from "@/features/composer/act";
import type { Draft } from "@/features/composer/draft";
import { changeDraft } from "@/features/composer/drafts";
import { lengthOf, TEXT_MAX } from "@/features/composer/fileKind";
import { FIELD_ID, focusComposer } from "@/features/composer/focus";
import { texts } from "@/texts";

/** From here on the limit is said. */
const NEAR_LIMIT = 200;

type MessageFieldProps = {
  conversationId: number;
  draft: Draft;
  onSend: () => unknown;
  onRecord: () => void;
  /** Why nothing can be recorded. */
  refusal: string | null;
  onRefusalRead: () => void;
};

export function MessageField(props: MessageFieldProps) {
  const { conversationId, draft, onSend } = props;
  const { text, replyTo } = draft;
  const left = TEXT_MAX - lengthOf(text.trim());
  useShortcuts({ c: focusComposer });
  const submit = () => {
    onSend();
    focusComposer();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (sendsWith(event)) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape" && replyTo !== null) {
      event.preventDefault();
      changeDraft(conversationId, { type: "replied", messageId: null });
    }
  };
  return (
    <>
      {props.refusal !== null && <Refusal reason={props.refusal} onRead={props.onRefusalRead} />}
      <div className="flex items-end gap-1">
        <AttachButton conversationId={conversationId} />
        <textarea
          id={FIELD_ID}
          dir="auto"
          rows={1}
          value={text}
          aria-label={texts.composer.field}
          placeholder={texts.composer.placeholder}
          aria-describedby={left < NEAR_LIMIT ? "message-limit" : undefined}
          aria-invalid={left < 0 || undefined}
          onChange={(event) => changeDraft(conversationId, { type: "typed", text: event.target.value })}
          onKeyDown={onKeyDown}
          className="field-sizing-content max-h-[min(11rem,30dvh)] min-h-10 flex-1 resize-none rounded-xl bg-sunken px-3.5 py-2 text-[0.9375rem] leading-normal outline-offset-0 placeholder:text-muted pointer-coarse:min-h-11 pointer-coarse:text-base"
        />
        {text.trim() === "" ? (
          <IconButton label={texts.voice.record} onClick={props.onRecord} className="size-10">
            <Mic className="size-5" />
          </IconButton>
        ) : (
          <SendButton disabled={!isSendable(text)} onClick={submit} />
        )}
      </div>
      {left < NEAR_LIMIT && <Limit left={left} />}
    </>
  );
}

/** Enter, unless it ends a word of an input method, or stands on a screen keyboard, where it is the only way to a new line. */
function sendsWith({ key, shiftKey, nativeEvent }: KeyboardEvent): boolean {
  if (key !== "Enter" || shiftKey || nativeEvent.isComposing || nativeEvent.keyCode === COMPOSING)
    return false;
  return !window.matchMedia("(hover: none) and (pointer: coarse)").matches;
}

/** What Safari says of the key that ends a composition, after it has said that the composition is over. */
const COMPOSING = 229;

function Limit({ left }: { left: number }) {
  return (
    <p
      id="message-limit"
      role="status"
      className={clsx(
        "px-12 text-end text-xs tabular-nums",
        left < 0 ? "font-medium text-danger" : "text-muted",
      )}
    >
      {left < 0 ? texts.composer.tooLong(-left) : texts.composer.left(left)}
    </p>
  );
}

type SendButtonProps = { disabled?: boolean; autoFocus?: boolean; onClick: () => void };

export function SendButton({ disabled, autoFocus, onClick }: SendButtonProps) {
  return (
    <button
      type="button"
      // biome-ignore lint/a11y/noAutofocus: it takes the place of the button that had the focus
      autoFocus={autoFocus}
      aria-label={texts.composer.send}
      title={texts.composer.send}
      aria-disabled={disabled || undefined}
      onClick={() => disabled || onClick()}
      className="inline-flex size-10 shrink-0 items-center justify-center rounded-full bg-accent text-on-accent transition-colors hover:bg-accent-strong aria-disabled:opacity-50 pointer-coarse:size-11"
    >
      <SendHorizontal aria-hidden="true" className="size-5 rtl:-scale-x-100" />
    </button>
  );
}

export function AttachButton({ conversationId }: { conversationId: number }) {
  const picker = useRef<HTMLInputElement>(null);
  return (
    <>
      <IconButton label={texts.composer.attach} onClick={() => picker.current?.click()} className="size-10">
        <Paperclip className="size-5" />
      </IconButton>
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        aria-label={texts.composer.attach}
        onChange={(event) => {
          addFiles(conversationId, [...(event.target.files ?? [])]);
          // The same file may be chosen again.
          event.target.value = "";
        }}
      />
    </>
  );
}

function Refusal({ reason, onRead }: { reason: string; onRead: () => void }) {
  return (
    <p
      role="alert"
      className="flex items-center gap-2 rounded-lg bg-danger-soft ps-3 text-[0.8125rem] text-danger"
    >
      <MicOff aria-hidden="true" className="size-4 shrink-0" />
      <span className="flex-1 py-1.5">{reason}</span>
      <IconButton
        label={texts.action.close}
        onClick={() => {
          onRead();
          focusComposer();
        }}
      >
        <X className="size-4" />
      </IconButton>
    </p>
  );
}
