import { formatDateTime, formatTime } from "@mediary/media/lib/format";
import { clsx } from "clsx";
import type { Message } from "@/api/types";
import { DeliveryTicks } from "@/features/message/DeliveryTicks";
import { texts } from "@/texts";

const places = {
  below: "ms-auto flex text-muted",
  /** Dark in both themes, so that the colours of its marks are those of the dark one. */
  over: "pointer-events-none absolute end-2 bottom-2 flex rounded-full bg-black/60 px-2 py-0.5 text-white [--danger:#ffb4ab] [--read:#7fd0ff] [--warning:#f6c56a]",
  /** Beneath what has no bubble. */
  pill: "mt-1 ms-auto flex rounded-full bg-surface px-2 py-0.5 text-muted shadow-soft",
  corner: "absolute end-2 bottom-0.5 flex text-muted",
  /** As wide as the one in the corner, so that the last line of the text keeps clear of it. */
  spacer: "invisible ms-2 inline-flex h-4 align-bottom",
};

/** The time of a message, whether it was edited, and how far it has come; over a picture as a dark pill. */
export function MessageMeta({ message, place = "below" }: { message: Message; place?: keyof typeof places }) {
  return (
    <span
      aria-hidden={place === "spacer"}
      className={clsx("w-fit whitespace-nowrap text-[0.6875rem] tabular-nums leading-4", places[place])}
    >
      {/* Apart from the words around it, whose direction it must not decide. */}
      <bdi className="inline-flex items-center gap-1">
        {message.edited && !message.revoked && <span>{texts.message.edited}</span>}
        <time dateTime={message.timestamp} title={formatDateTime(message.timestamp)}>
          {formatTime(message.timestamp)}
        </time>
        {message.direction === "outbound" && <DeliveryTicks status={message.status} className="size-3.5" />}
      </bdi>
    </span>
  );
}
