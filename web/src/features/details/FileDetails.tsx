import { plainName } from "@mediary/media/lib/bidi";
import { fileNameOf } from "@mediary/media/lib/fileName";
import { formatBytes, formatDateTime, formatLength } from "@mediary/media/lib/format";
import { asSentence } from "@mediary/media/lib/sentence";
import { ErrorState, Skeleton } from "@mediary/media/ui/states";
import { documentKind } from "@mediary/media/viewers/documentKind";
import { FileDownloadButton } from "@mediary/media/viewers/FileDownloadButton";
import { kindOf } from "@mediary/media/viewers/kind";
import { MediaViewer } from "@mediary/media/viewers/MediaViewer";
import { mediaState } from "@mediary/media/viewers/state";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { MediaFile } from "@/api/types";
import { useMediaByMessage } from "@/features/media/useMedia";
import { texts } from "@/texts";

/** All that is known about one file. */
export function FileDetails({ messageId, part }: { messageId: number; part: number }) {
  const { data: media, isPending, error, refetch } = useMediaByMessage(messageId, part);
  if (isPending) return <FileDetailsSkeleton />;
  if (!media) return <ErrorState title={texts.media.loadFailed} error={error} retry={() => void refetch()} />;
  const state = mediaState(media);
  return (
    <div className="flex flex-col gap-4 p-4">
      <div className="flex justify-center">
        <MediaViewer media={media} sender="" timestamp={media.createdAt} caption={fileNameOf(media)} />
      </div>
      <div className="flex items-center gap-1">
        <Link
          from="/c/$conversationId"
          to="."
          search={({ details: _, info: __, part: ___, ...rest }) => ({ ...rest, m: messageId })}
          className="-ms-2 me-auto rounded-lg px-2 py-1.5 font-medium text-accent hover:bg-hover"
        >
          {texts.details.showInThread}
        </Link>
        {state.kind === "ready" && !hasOwnDownload(media) && (
          <FileDownloadButton media={media} url={state.url} />
        )}
      </div>
      <dl className="flex flex-col gap-3 border-line border-t pt-4">
        {factsOf(media).map(([name, value]) => (
          <div key={name}>
            <dt className="text-muted text-xs">{name}</dt>
            <dd className="wrap-anywhere select-text">
              <bdi>{value}</bdi>
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

/** Their viewers have one. */
function hasOwnDownload({ fileType, voice }: MediaFile): boolean {
  return fileType === "document" || (fileType === "audio" && !voice);
}

function factsOf(media: MediaFile): [string, ReactNode][] {
  const t = texts.details;
  const type = media.detectedMimeType ?? media.mimeType;
  const facts: [string, ReactNode][] = [
    [t.name, fileNameOf(media)],
    [t.kind, media.fileType === "document" ? documentKind(media).label : kindOf(media).label],
    [t.type, type],
    [t.size, media.fileSize === null ? null : formatBytes(media.fileSize)],
    [t.dimensions, media.width && media.height ? `${media.width} × ${media.height}` : null],
    [t.duration, media.durationMs === null ? null : formatLength(media.durationMs / 1000)],
    [t.pages, media.pages ?? null],
    [t.people, media.names.map(plainName).join(", ")],
    [t.unplayable, media.unplayable],
    [t.problem, media.variantsError && asSentence(media.variantsError)],
    [t.received, formatDateTime(media.createdAt)],
    [t.stored, media.storedAt && formatDateTime(media.storedAt)],
    [t.policy, t.policyValue[media.policy]],
    [t.expires, media.storedAt === null ? formatDateTime(media.expiresAt) : null],
    [t.integrity, media.integrity && t.integrityValue[media.integrity]],
    [t.hash, media.sha256 && <code className="break-all text-xs">{media.sha256}</code>],
  ];
  return facts.filter(([, value]) => value !== null && value !== "");
}

function FileDetailsSkeleton() {
  return (
    <div className="flex flex-col gap-4 p-4">
      <Skeleton className="h-56 w-full rounded-xl" />
      <Skeleton className="h-4 w-2/3" />
      <Skeleton className="h-4 w-1/2" />
      <Skeleton className="h-4 w-3/5" />
    </div>
  );
}
