import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { RECENT_MEDIA } from "@/api/queries";
import type { MediaFile } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/states";
import { kindOf } from "@/features/media/kind";
import { mediaState, partOf, pictureUrl, posterUrl } from "@/features/media/state";
import { useMediaByConversation } from "@/features/media/useMedia";
import { blurOf } from "@/lib/thumbhash";
import { texts } from "@/texts";

const TILE_PX = 96;

/** The latest files of a conversation as small tiles; each opens its details. */
export function RecentMedia({ conversationId }: { conversationId: number }) {
  const query = useMediaByConversation(conversationId, { limit: RECENT_MEDIA });
  const files = query.data?.pages[0]?.items;
  return (
    <section className="border-line border-t p-4">
      <h3 className="mb-3 font-semibold">{texts.details.recent}</h3>
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
  const { icon: Icon, label } = kindOf(media);
  const name = media.fileName ?? label;
  const [broken, setBroken] = useState(false);
  const picture = broken ? null : tilePicture(media);
  return (
    <Link
      from="/c/$conversationId"
      to="."
      search={({ part: _, ...rest }) => ({ ...rest, info: media.messageId, ...partOf(media) })}
      aria-label={texts.details.about(name)}
      title={name}
      className="relative flex aspect-square flex-col items-center justify-center gap-1 overflow-hidden rounded-lg bg-sunken p-1.5 text-muted hover:brightness-95"
    >
      {picture ? (
        <img
          src={picture}
          alt=""
          loading="lazy"
          onError={() => setBroken(true)}
          className="absolute inset-0 size-full object-cover"
        />
      ) : (
        <>
          <Icon aria-hidden="true" className="size-6" />
          <bdi className="line-clamp-2 max-w-full wrap-anywhere text-center text-[11px] leading-tight">
            {name}
          </bdi>
        </>
      )}
    </Link>
  );
}

/** A picture of a stored file; of others only the blur that the server chose to give. */
function tilePicture(media: MediaFile): string | null {
  const state = mediaState(media);
  if (state.kind !== "ready") return state.kind === "tap" ? blurOf(media.thumbhash) : null;
  const isPicture = media.fileType === "image" || media.fileType === "sticker";
  return isPicture ? pictureUrl(media, state.url, TILE_PX * 2) : posterUrl(media);
}
