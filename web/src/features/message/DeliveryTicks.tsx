import { clsx } from "clsx";
import { Check, CheckCheck, CircleAlert, CircleHelp, Clock } from "lucide-react";
import type { MessageStatus } from "@/api/types";
import { texts } from "@/texts";

const icons = {
  received: null,
  queued: Clock,
  uploading: Clock,
  accepted: Check,
  sent: Check,
  delivered: CheckCheck,
  read: CheckCheck,
  played: CheckCheck,
  failed: CircleAlert,
  unknown: CircleHelp,
} as const;

/** How far an outbound message has come; blue once it was read. */
export function DeliveryTicks({ status, className }: { status: MessageStatus; className?: string }) {
  const Icon = icons[status];
  if (!Icon) return null;
  const seen = status === "read" || status === "played";
  return (
    <span className="inline-flex shrink-0" title={texts.message.status[status]}>
      <Icon
        aria-hidden="true"
        className={clsx(
          className ?? "size-4",
          seen && "text-read",
          status === "failed" && "text-danger",
          status === "unknown" && "text-warning",
        )}
      />
      <span className="sr-only">{texts.message.status[status]}</span>
    </span>
  );
}
