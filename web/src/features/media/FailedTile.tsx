import { ImageOff } from "lucide-react";
import type { MediaFile } from "@/api/types";
import { mediaBox } from "@/features/media/box";
import { FileDownloadButton } from "@/features/media/FileDownloadButton";
import { useFailureReason } from "@/features/media/useLoad";
import { texts } from "@/texts";

type FailedTileProps = { media: MediaFile; url: string; fallback: string; retry: () => void };

/** A file that should be there and does not show: the reason, another try, and the way around. */
export function FailedTile({ media, url, fallback, retry }: FailedTileProps) {
  const reason = useFailureReason(media, true, fallback);
  const { width, height } = mediaBox(media);
  return (
    <div
      className="relative flex max-w-full overflow-hidden rounded-xl bg-sunken"
      style={{ width: Math.max(width, 220), minHeight: height }}
    >
      <button
        type="button"
        onClick={retry}
        className="flex flex-1 flex-col items-center justify-center gap-1 p-4 text-center text-text hover:bg-hover"
      >
        <ImageOff aria-hidden="true" className="mb-1 size-6 text-muted" />
        <span className="font-medium">{texts.media.failedToLoad}</span>
        <span className="min-h-5 text-[13px] text-muted">{reason}</span>
      </button>
      <FileDownloadButton media={media} url={url} className="absolute! end-1 top-1" />
    </div>
  );
}
