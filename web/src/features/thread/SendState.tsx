import { asSentence } from "@mediary/media/lib/sentence";
import { Spinner } from "@mediary/media/ui/spinner";
import { Pencil, RotateCw, Trash2, WifiOff, X } from "lucide-react";
import { useMayAct } from "@/api/roles";
import type { Message } from "@/api/types";
import { editOutgoing } from "@/features/composer/act";
import { focusLeft } from "@/features/composer/focus";
import type { Outgoing } from "@/features/sending/outbox";
import { removeOutgoing, retryOutgoing } from "@/features/sending/sending";
import { useOutbox } from "@/features/sending/store";
import { useSendAgain } from "@/features/thread/useSendActions";
import { saidByWhatsApp } from "@/lib/said";
import { texts } from "@/texts";

/** Below a message that the server does not have yet: how far it is, and what can be done. */
export function OutgoingNote({ item }: { item: Outgoing }) {
  if (item.state === "failed") {
    return (
      <Trouble sentence={item.reason ?? ""}>
        <Action icon={RotateCw} text={texts.sending.again} onClick={() => retryOutgoing(item.clientId)} />
        {isEditable(item) && (
          <Action icon={Pencil} text={texts.sending.edit} onClick={() => editOutgoing(item)} />
        )}
        <Remove item={item} />
      </Trouble>
    );
  }
  if (item.state === "offline") {
    return (
      <p className="mt-1 flex flex-wrap items-center gap-x-2 text-warning text-xs">
        <WifiOff aria-hidden="true" className="size-3.5 shrink-0" />
        {texts.sending.offline}
        <Remove item={item} />
      </p>
    );
  }
  return null;
}

/** A voice note can only be recorded again. */
function isEditable({ content }: Outgoing): boolean {
  return content.type === "text" || (content.type === "file" && !content.file.voice);
}

/** Beside a file that is on its way: how much of it has left, around the way to stop it. Text leaves in a moment. */
export function UploadRing({ item }: { item: Outgoing }) {
  const share = useOutbox(({ progress }) => progress[item.clientId] ?? 0);
  if (item.content.type !== "file" || (item.state !== "sending" && item.state !== "waiting")) return null;
  const percent = Math.round(share * 100);
  // What has left as a whole may have arrived.
  const leaving = share < 1;
  const words = item.state === "waiting" ? texts.sending.waiting : texts.sending.percent(percent);
  return (
    <div className="flex shrink-0 items-center gap-1.5 self-center px-1.5 text-muted text-xs tabular-nums">
      <span className="max-md:sr-only">{leaving ? words : texts.sending.finishing}</span>
      <span className="relative inline-flex size-9 items-center justify-center">
        <Ring percent={percent} />
        {leaving && <Cancel item={item} />}
      </span>
    </div>
  );
}

function Ring({ percent }: { percent: number }) {
  return (
    <svg
      role="progressbar"
      aria-label={texts.sending.upload}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      viewBox="0 0 36 36"
      className="-rotate-90 absolute inset-0 size-full"
    >
      <circle cx="18" cy="18" r="15.5" fill="none" strokeWidth="3" className="stroke-line" />
      <circle
        cx="18"
        cy="18"
        r="15.5"
        fill="none"
        strokeWidth="3"
        strokeLinecap="round"
        pathLength={100}
        strokeDasharray={`${Math.max(1, percent)} 100`}
        className="stroke-accent transition-[stroke-dasharray] duration-200"
      />
    </svg>
  );
}

function Cancel({ item }: { item: Outgoing }) {
  return (
    <button
      ref={focusLeft}
      type="button"
      aria-label={texts.sending.cancel}
      title={texts.sending.cancel}
      onClick={() => removeOutgoing(item)}
      className="relative inline-flex size-7 items-center justify-center rounded-full text-text hover:bg-hover"
    >
      <X aria-hidden="true" className="size-4" />
    </button>
  );
}

/** Below a message that WhatsApp did not take, or of which nobody knows whether it did. */
export function SendFailure({ message }: { message: Message }) {
  const maySend = useMayAct();
  const again = useSendAgain(message);
  const { status, error } = message;
  if (status !== "failed" && status !== "unknown") return null;
  const failed = status === "failed";
  const reason = error ? asSentence(saidByWhatsApp(error.code, error.message)) : "";
  return (
    <Trouble sentence={failed ? texts.sending.notDelivered(reason) : texts.sending.unknown} calm={!failed}>
      {maySend && (
        <Action
          icon={again.isPending ? Spinner : RotateCw}
          text={texts.sending.again}
          onClick={() => again.isPending || again.mutate()}
        />
      )}
    </Trouble>
  );
}

function Trouble(props: { sentence: string; calm?: boolean; children: React.ReactNode }) {
  return (
    <div
      className={`mt-1 flex max-w-90 flex-col items-end text-xs ${props.calm ? "text-warning" : "text-danger"}`}
    >
      <p className="text-end">
        <bdi>{props.sentence}</bdi>
      </p>
      <div className="flex gap-1">{props.children}</div>
    </div>
  );
}

function Remove({ item }: { item: Outgoing }) {
  return <Action icon={Trash2} text={texts.sending.remove} onClick={() => removeOutgoing(item)} />;
}

type ActionProps = {
  icon: React.ComponentType<{ className?: string }>;
  text: string;
  onClick: () => void;
};

function Action({ icon: Icon, text, onClick }: ActionProps) {
  return (
    <button
      ref={focusLeft}
      type="button"
      onClick={onClick}
      className="inline-flex min-h-6 items-center gap-1 rounded-md px-1.5 font-semibold underline-offset-2 hover:underline pointer-coarse:min-h-9"
    >
      <Icon className="size-3.5" />
      {text}
    </button>
  );
}
