import { clsx } from "clsx";
import { Play } from "lucide-react";
import { type MouseEvent, useState } from "react";
import { plainName } from "../lib/bidi";
import { fileNameOf, shortName } from "../lib/fileName";
import { formatBytes } from "../lib/format";
import { asSentence } from "../lib/sentence";
import { useAddress } from "../server/address";
import { texts } from "../texts";
import type { MediaFile } from "../types";
import { mediaBox, PAGE_HEIGHT } from "./box";
import { documentKind } from "./documentKind";
import { FileDownloadButton } from "./FileDownloadButton";
import { MediaPreviewPopover } from "./MediaPreviewPopover";
import { VariantPicture } from "./VariantPicture";
import { hasPage } from "./variants";

type DocumentCardProps = {
  media: MediaFile;
  url: string;
  /** What the page has of the file, where it was fetched to be looked at. */
  held?: { name: string | null; type: string; size: number };
  /** What a plain click does instead. */
  onOpen?: (event: MouseEvent) => void;
  /** That is to play it. */
  plays?: boolean;
  /** False where a picture of it is shown beside the card. */
  pictured?: boolean;
};

/**
 * A file by name, kind and size, a PDF by its first page and a picture by itself, too. A click opens it as far as the browser shows it;
 * else it is downloaded.
 */
export function DocumentCard(props: DocumentCardProps) {
  const { media, url, held, onOpen, plays = false, pictured = true } = props;
  // The place of a picture stays where there is none in the end, as what is above it must not move.
  const [placed, setPlaced] = useState(false);
  const paged = pictured && held === undefined && (placed || hasPage(media));
  if (paged && !placed) setPlaced(true);
  const { width } = mediaBox(media);
  const address = useAddress(media, url);
  const name = fileNameOf(media) ?? texts.media.unnamed;
  const saveAs = fileNameOf(media) ?? held?.name ?? undefined;
  // Of what the page itself holds the browser may show only what cannot act; the rest it saves.
  const opens = held === undefined || SHOWN.test(held.type);
  const label = plays
    ? texts.player.playFile(name)
    : opens
      ? texts.media.open(name)
      : texts.media.downloadFile(name);
  return (
    <div className="relative max-w-full overflow-hidden rounded-xl bg-sunken" style={{ width }}>
      <MediaPreviewPopover media={media}>
        {(preview) => (
          <a
            href={address ?? undefined}
            {...(opens ? { target: "_blank", rel: "noreferrer" } : { download: saveAs ?? true })}
            {...preview}
            data-act="open"
            onClick={onOpen}
            aria-label={label}
            className="group block rounded-xl -outline-offset-2"
          >
            {paged && <FirstPage media={media} width={width} plays={plays} />}
            <span className="flex items-center gap-3 py-2.5 ps-3 pe-14">
              <Badge media={media} />
              <span className="min-w-0 flex-1 group-hover:underline">
                <span dir="auto" title={name} className="wrap-anywhere line-clamp-3 font-medium leading-snug">
                  {shortName(name)}
                </span>
                {media.names.length > 0 && (
                  <span dir="auto" className="line-clamp-2 wrap-anywhere text-sm">
                    {peopleOn(media.names)}
                  </span>
                )}
                <span className="block text-muted text-xs">
                  {factsOf(media, media.fileSize ?? held?.size ?? null).join(" · ")}
                </span>
                {media.variantsError !== null && !paged && (
                  <bdi className="block text-muted text-xs">{asSentence(media.variantsError)}</bdi>
                )}
              </span>
            </span>
          </a>
        )}
      </MediaPreviewPopover>
      <FileDownloadButton media={media} url={url} saveAs={saveAs} className="absolute end-2 bottom-3.5" />
    </div>
  );
}

const SHOWN = /^(image\/|application\/pdf$)/;

function factsOf(media: MediaFile, size: number | null): string[] {
  const pages = media.pages;
  const facts = [
    size === null ? null : formatBytes(size),
    documentKind(media).label,
    pages === null ? null : texts.media.pages(pages),
  ];
  return facts.filter((fact) => fact !== null);
}

/** The first few people on a contact card, and how many more there are. */
function peopleOn(names: string[]): string {
  const shown = names.slice(0, MAX_NAMES).map(plainName);
  const more = names.length - shown.length;
  return [...shown, ...(more > 0 ? [texts.media.morePeople(more)] : [])].join(", ");
}

const MAX_NAMES = 3;

/** The upper part of the first page, or the picture, as wide as the card. */
function FirstPage({ media, width, plays }: { media: MediaFile; width: number; plays: boolean }) {
  const { icon: Icon, colour } = documentKind(media);
  return (
    <span
      className="relative block overflow-hidden rounded-t-xl border border-line bg-surface"
      style={{ height: PAGE_HEIGHT }}
    >
      <VariantPicture media={media} width={width}>
        {(failure) => (
          <span className="absolute inset-0 flex flex-col items-center justify-center gap-2 p-3 text-center text-[0.8125rem] text-muted">
            <span className={clsx("flex size-14 items-center justify-center rounded-full", colour)}>
              <Icon aria-hidden="true" className="size-7" />
            </span>
            {failure?.final && failure.reason}
          </span>
        )}
      </VariantPicture>
      {plays && (
        <span className="absolute inset-0 m-auto flex size-12 items-center justify-center rounded-full bg-black/60 text-white">
          <Play aria-hidden="true" className="ms-0.5 size-6 fill-current" />
        </span>
      )}
    </span>
  );
}

/** A small sheet with the icon of its kind and how its name ends. */
function Badge({ media }: { media: MediaFile }) {
  const { icon: Icon, colour } = documentKind(media);
  return (
    <span
      aria-hidden="true"
      className={clsx(
        "flex h-11 w-9 shrink-0 flex-col items-center justify-center gap-0.5 rounded-md rounded-se-xl",
        colour,
      )}
    >
      <Icon className="size-4.5" />
      <span className="font-bold text-[0.5625rem] leading-none tracking-wide">{extensionOf(media)}</span>
    </span>
  );
}

function extensionOf({ fileName }: MediaFile): string {
  const extension = /\.([\p{L}\p{N}]{1,5})$/u.exec(fileName ?? "")?.[1];
  return (extension ?? "").toUpperCase().slice(0, 4);
}
