import { PersonName } from "@mediary/media/ui/PersonName";
import { clsx } from "clsx";
import { Forward, ReplyAll } from "lucide-react";
import type { ReactNode } from "react";
import type { Message } from "@/api/types";
import { contactName } from "@/features/message/contact";
import { useThreadContext } from "@/features/thread/context";
import { texts } from "@/texts";

/** Its ground is stronger than the page's, so what is quiet on it has to be stronger too. */
const OUTBOUND = "bg-outbound [--muted:light-dark(#46554f,#b7c6c1)]";

type BubbleFrameProps = { message: Message; lastOfGroup: boolean; children: ReactNode };

/** The bubble around what one message says. */
export function BubbleFrame({ message, lastOfGroup, children }: BubbleFrameProps) {
  const outbound = message.direction === "outbound";
  return (
    <div
      className={clsx(
        "relative w-fit max-w-[min(34rem,86%)] rounded-2xl p-1 shadow-soft",
        outbound ? OUTBOUND : "bg-inbound",
        outbound ? "bubble bubble-ours" : "bubble",
        message.isReply ? "min-w-64" : "min-w-22",
        lastOfGroup && (outbound ? "rounded-ee-md" : "rounded-es-md"),
      )}
    >
      {children}
    </div>
  );
}

/** Who wrote it, where that is not clear, and whether it was sent on. */
export function BubbleHeading({ message, sender }: { message: Message; sender: string | null }) {
  const { conversation } = useThreadContext();
  // In a thread with one person only a name that is not theirs says something.
  const other =
    message.direction === "inbound" && conversation && sender !== contactName(conversation.contact);
  return (
    <>
      {other && sender && (
        <p className="px-2 pt-0.5 font-semibold text-accent text-xs">
          <PersonName name={sender} />
        </p>
      )}
      {message.forwarded && !message.revoked && (
        <p
          className={clsx(
            "flex items-center gap-1 px-2 pt-0.5 text-muted text-xs italic",
            message.media && "pb-1.5",
          )}
        >
          {message.frequentlyForwarded ? (
            <>
              <ReplyAll aria-hidden="true" className="size-3.5 -scale-x-100 rtl:scale-x-100" />
              {texts.message.forwardedOften}
            </>
          ) : (
            <>
              <Forward aria-hidden="true" className="size-3.5 rtl:-scale-x-100" />
              {texts.message.forwarded}
            </>
          )}
        </p>
      )}
    </>
  );
}
