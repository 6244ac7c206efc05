import { useNow } from "@mediary/media/lib/clock";
import { Clock } from "lucide-react";
import { texts } from "@/texts";

/** For so long after a customer's last message WhatsApp takes whatever is sent to them. */
const WINDOW_MS = 24 * 3_600_000;

/** Says before sending that WhatsApp will probably refuse. Undefined is not known yet, null is never. */
export function WindowNote({ lastInboundAt }: { lastInboundAt: string | null | undefined }) {
  const now = useNow();
  if (lastInboundAt === undefined) return null;
  if (lastInboundAt !== null && now.getTime() - Date.parse(lastInboundAt) < WINDOW_MS) return null;
  return (
    <p className="flex items-start gap-2 rounded-lg bg-warning-soft px-3 py-1.5 text-[0.8125rem] text-warning">
      <Clock aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
      {lastInboundAt === null ? texts.composer.neverWrote : texts.composer.windowClosed}
    </p>
  );
}
