import { EyeOff, RefreshCw, TriangleAlert } from "lucide-react";
import type { MediaFile } from "@/api/types";
import { IconButton } from "@/components/ui/button";
import { useReveal } from "@/stores/reveal";
import { texts } from "@/texts";

/** What one may do with a file that is never kept: fetch it anew, or cover it again. */
export function StreamActions({ media }: { media: MediaFile }) {
  const { reveal, hide } = useReveal();
  const look = "size-8! bg-black/55 text-white hover:bg-black/75! hover:text-white! pointer-coarse:size-10!";
  return (
    <div className="absolute end-2 top-2 z-1 flex gap-1">
      <IconButton label={texts.media.fetchAgain} onClick={() => reveal(media.id)} className={look}>
        <RefreshCw className="size-4" />
      </IconButton>
      <IconButton label={texts.media.hide} onClick={() => hide(media.id)} className={look}>
        <EyeOff className="size-4" />
      </IconButton>
    </div>
  );
}

export function IntegrityWarning() {
  return (
    <p className="mt-1 flex w-0 min-w-full items-start gap-1.5 rounded-lg bg-warning-soft px-2 py-1.5 text-warning text-xs">
      <TriangleAlert aria-hidden="true" className="mt-px size-3.5 shrink-0" />
      {texts.media.mismatch}
    </p>
  );
}
