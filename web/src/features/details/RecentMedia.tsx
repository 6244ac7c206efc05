import { fileNameOf } from "@mediary/media/lib/fileName";
import { formatDateTime, formatLength } from "@mediary/media/lib/format";
import { Button } from "@mediary/media/ui/button";
import { Skeleton } from "@mediary/media/ui/states";
import { kindOf } from "@mediary/media/viewers/kind";
import { MediaPreviewPopover } from "@mediary/media/viewers/MediaPreviewPopover";
import { partOf } from "@mediary/media/viewers/state";
import { TilePicture } from "@mediary/media/viewers/TilePicture";
import { Link } from "@tanstack/react-router";
import { RECENT_MEDIA } from "@/api/queries";
import type { MediaFile } from "@/api/types";
import { useMediaByConversation } from "@/features/media/useMedia";
import { opening } from "@/lib/layer";
import { texts } from "@/texts";

const TILE_PX = 96;

/** The latest files of a conversation as small tiles; each opens its details. */
export function RecentMedia({ conversationId }: { conversationId: number }) {
  const query = useMediaByConversation(conversationId, { limit: RECENT_MEDIA });
  const files = query.data?.pages[0]?.items;
  return (
    <section className="border-line border-t p-4">
      <div className="mb-3 flex items-center justify-between">
        <h3 className="font-semibold">{texts.details.recent}</h3>
        <Link
          from="/c/$conversationId"
          to="."
          search={(search) => ({ ...search, gallery: true })}
          state={opening("gallery")}
          className="-my-1 -me-2 rounded-lg px-2 py-1 font-medium text-accent hover:bg-hover"
        >
          {texts.gallery.all}
        </Link>
      </div>
      {query.isPending ? (
        <div className="grid grid-cols-3 gap-1.5">
          {Array.from({ length: RECENT_MEDIA / 2 }, (_, tile) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the tiles are all alike
            <Skeleton key={tile} className="aspect-square" />
          ))}
        </div>
      ) : query.isError ? (
        <div role="alert" className="flex flex-col items-start gap-2 text-muted">
          {texts.media.loadFailed}
          <Button variant="soft" onClick={() => void query.refetch()}>
            {texts.action.retry}
          </Button>
        </div>
      ) : files && files.length > 0 ? (
        <ul className="grid grid-cols-3 gap-1.5">
          {files.map((media) => (
            <li key={media.id}>
              <Tile media={media} />
            </li>
          ))}
        </ul>
      ) : (
        <p className="text-muted">{texts.media.emptyConversation}</p>
      )}
    </section>
  );
}

function Tile({ media }: { media: MediaFile }) {
  const name = fileNameOf(media) ?? kindOf(media).label;
  return (
    <MediaPreviewPopover media={media}>
      {(preview) => (
        <Link
          {...preview}
          from="/c/$conversationId"
          to="."
          search={({ part: _, ...rest }) => ({ ...rest, info: media.messageId, ...partOf(media) })}
          state={opening("file")}
          aria-label={texts.details.about(name, formatDateTime(media.createdAt))}
          className="relative flex aspect-square flex-col items-center justify-center gap-1 overflow-hidden rounded-lg bg-sunken p-1.5 text-muted hover:brightness-95"
        >
          <TilePicture media={media} name={name} width={TILE_PX} />
          {media.fileType === "document" && (
            // A white page on a white pane has no edge of its own.
            <span
              aria-hidden="true"
              className="pointer-events-none absolute inset-0 rounded-lg border border-line"
            />
          )}
          {media.fileType === "video" && media.durationMs !== null && (
            <span className="absolute end-1 bottom-1 rounded-full bg-black/60 px-1.5 text-[0.6875rem] text-white tabular-nums">
              {formatLength(media.durationMs / 1000)}
            </span>
          )}
        </Link>
      )}
    </MediaPreviewPopover>
  );
}
