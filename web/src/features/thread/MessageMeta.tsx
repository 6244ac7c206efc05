import { clsx } from "clsx";
import type { Message } from "@/api/types";
import { DeliveryTicks } from "@/features/thread/DeliveryTicks";
import { formatDateTime, formatTime } from "@/lib/format";
import { texts } from "@/texts";

/** The time of a message, whether it was edited, and how far it has come; over a picture as a dark pill. */
export function MessageMeta({ message, over = false }: { message: Message; over?: boolean }) {
  return (
    <span
      className={clsx(
        "flex w-fit items-center gap-1 whitespace-nowrap text-[11px] tabular-nums leading-4",
        over
          ? "pointer-events-none absolute end-2 bottom-2 rounded-full bg-black/55 px-2 py-0.5 text-white"
          : "ms-auto text-muted",
      )}
    >
      {message.edited && !message.revoked && <span>{texts.message.edited}</span>}
      <time dateTime={message.timestamp} title={formatDateTime(message.timestamp)}>
        {formatTime(message.timestamp)}
      </time>
      {message.direction === "outbound" && <DeliveryTicks status={message.status} className="size-3.5" />}
    </span>
  );
}
