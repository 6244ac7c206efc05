import { clsx } from "clsx";
import type { MediaFile } from "@/api/types";
import { mediaBox } from "@/features/media/box";
import { FileDownloadButton } from "@/features/media/FileDownloadButton";
import { kindOf } from "@/features/media/kind";
import { useFocusHandover } from "@/features/media/useFocusHandover";
import { formatBytes } from "@/lib/format";
import { texts } from "@/texts";

type DocumentCardProps = {
  media: MediaFile;
  url: string;
  /** What the page has of the file, where it was fetched to be looked at. */
  held?: { name: string | null; type: string; size: number };
};

/** A file by name, type and size. A click opens it as far as the browser shows it; else it is downloaded. */
export function DocumentCard({ media, url, held }: DocumentCardProps) {
  const ref = useFocusHandover<HTMLDivElement>(media.id);
  const name = media.fileName ?? texts.media.unnamed;
  const saveAs = media.fileName ?? held?.name ?? undefined;
  // Of what the page itself holds the browser may show only what cannot act; the rest it saves.
  const opens = held === undefined || SHOWN.test(held.type);
  const size = media.fileSize ?? held?.size ?? null;
  const extension = extensionOf(media);
  return (
    <div
      ref={ref}
      tabIndex={-1}
      className="flex max-w-full items-center gap-3 rounded-xl bg-sunken px-3 py-2.5 outline-none"
      style={{ width: mediaBox(media).width }}
    >
      <span
        aria-hidden="true"
        className={clsx(
          "flex h-11 w-9 shrink-0 items-end justify-center rounded-md rounded-se-xl pb-1 font-bold text-[9px] tracking-wide",
          colours[extension] ?? "bg-line text-text",
        )}
      >
        {extension.slice(0, 4)}
      </span>
      <a
        href={url}
        {...(opens ? { target: "_blank", rel: "noreferrer" } : { download: saveAs ?? true })}
        aria-label={opens ? texts.media.open(name) : texts.media.downloadFile(name)}
        className="min-w-0 flex-1 hover:underline"
      >
        <span dir="auto" title={name} className="wrap-anywhere line-clamp-2 font-medium leading-snug">
          {name}
        </span>
        <span className="block text-muted text-xs">
          {[size === null ? null : formatBytes(size), extension || kindOf(media).label]
            .filter(Boolean)
            .join(" · ")}
        </span>
      </a>
      <FileDownloadButton media={media} url={url} saveAs={saveAs} className="-me-1.5" />
    </div>
  );
}

const SHOWN = /^(image\/|application\/pdf$)/;

const red = "bg-[light-dark(#fbdfdc,#5a2320)] text-[light-dark(#98221a,#ffc6c0)]";
const blue = "bg-[light-dark(#dbe8fb,#1f3a63)] text-[light-dark(#174ea6,#bcd6ff)]";
const green = "bg-[light-dark(#d8f0df,#1c4a2c)] text-[light-dark(#14632f,#b0ebc3)]";
const orange = "bg-[light-dark(#fce6d4,#57341b)] text-[light-dark(#8a430c,#ffd0ab)]";
const colours: Record<string, string> = {
  PDF: red,
  DOC: blue,
  DOCX: blue,
  ODT: blue,
  XLS: green,
  XLSX: green,
  CSV: green,
  ODS: green,
  PPT: orange,
  PPTX: orange,
  ZIP: orange,
};

function extensionOf(media: MediaFile): string {
  const fromName = /\.([\p{L}\p{N}]{1,5})$/u.exec(media.fileName ?? "")?.[1];
  const fromType = /\/(?:x-)?([a-z0-9]{1,5})$/.exec(media.mimeType ?? "")?.[1];
  return (fromName ?? fromType ?? "").toUpperCase();
}
