import { clsx } from "clsx";
import { Download } from "lucide-react";
import { fileNameOf } from "../lib/fileName";
import { useAddress } from "../server/address";
import { texts } from "../texts";
import type { MediaFile } from "../types";
import { iconButton } from "../ui/button";
import { kindOf } from "./kind";
import { downloadUrl } from "./state";

type FileDownloadButtonProps = {
  media: MediaFile;
  url: string;
  /** Its name, where the server does not say it with the bytes. */
  saveAs?: string | undefined;
  className?: string | undefined;
  /** With the word beside its icon. */
  worded?: boolean;
  tabIndex?: number;
};

/** Hands the file to the browser's own downloads, under its original name. */
export function FileDownloadButton({
  media,
  url,
  saveAs,
  className,
  worded = false,
  tabIndex,
}: FileDownloadButtonProps) {
  const label = texts.media.downloadFile(fileNameOf(media) ?? kindOf(media).label);
  const address = useAddress(media, downloadUrl(url));
  return (
    <a
      data-act="download"
      tabIndex={tabIndex}
      href={address ?? undefined}
      download={url.startsWith("blob:") ? (saveAs ?? true) : true}
      aria-label={label}
      title={label}
      className={clsx(worded ? WORDED : iconButton, className)}
    >
      <Download aria-hidden="true" className={worded ? "size-3.5" : "size-4.5"} />
      {worded && texts.media.download}
    </a>
  );
}

const WORDED =
  "inline-flex min-h-8 items-center gap-1.5 rounded-full bg-accent px-3 font-medium text-on-accent text-xs hover:bg-accent-strong";
