import { useSecondsUntil } from "@mediary/media/lib/clock";
import { WifiOff } from "lucide-react";
import { useConnection } from "@/live/connection";
import { texts } from "@/texts";

/** A short gap heals by itself and is nobody's concern. */
const SHOW_AFTER_MS = 5_000;

export function ConnectionBanner() {
  const { open, since } = useConnection();
  const wait = useSecondsUntil(open ? null : since + SHOW_AFTER_MS);
  if (open || wait > 0) return null;
  return (
    <div
      role="status"
      className="flex items-center justify-center gap-2 bg-warning-soft px-4 py-2 text-center text-warning"
    >
      <WifiOff aria-hidden="true" className="size-4 shrink-0" />
      {texts.shell.offline}
    </div>
  );
}
