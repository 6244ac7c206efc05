import { PersonName } from "@mediary/media/ui/PersonName";
import { Skeleton } from "@mediary/media/ui/states";
import { mediaState } from "@mediary/media/viewers/state";
import { VariantPicture } from "@mediary/media/viewers/VariantPicture";
import { pictureUrl } from "@mediary/media/viewers/variants";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { messageQuery } from "@/api/queries";
import type { MediaFile, Message } from "@/api/types";
import { senderOf } from "@/features/message/people";
import { previewOf } from "@/features/message/preview";
import { useThreadContext } from "@/features/thread/context";
import { texts } from "@/texts";

const THUMB_PX = 40;

/** The message that this one answers, small; a click leads to it. Without a number it is none that came here. */
export function Quote({ messageId }: { messageId: number | null }) {
  return messageId === null ? <QuoteGone /> : <QuoteById messageId={messageId} />;
}

function QuoteGone() {
  return <p className={`${frame} text-muted italic`}>{texts.message.quoteGone}</p>;
}

function QuoteById({ messageId }: { messageId: number }) {
  const client = useQueryClient();
  const { conversation, jumpTo } = useThreadContext();
  const { data: message, isPending } = useQuery(messageQuery(messageId, client));
  if (isPending) return <Skeleton className="m-1 h-12 w-52 rounded-lg" />;
  if (!message) return <QuoteGone />;
  const sender = senderOf(message, conversation);
  const { icon: Icon, text } = previewOf(message);
  const pictured = picturedOf(message);
  return (
    <button
      type="button"
      data-act="quote"
      aria-label={texts.message.quoteJump(sender, text)}
      onClick={() => jumpTo(messageId)}
      className={`${frame} flex items-center gap-3 text-start hover:bg-accent/14`}
    >
      <span className="min-w-0 flex-1">
        <PersonName name={sender} className="block truncate font-semibold text-accent-strong text-xs" />
        <span className="flex items-center gap-1.5 text-muted">
          {Icon && <Icon aria-hidden="true" className="size-3.5 shrink-0" />}
          <bdi className="truncate">{text}</bdi>
        </span>
      </span>
      {pictured && (
        <span className="relative size-10 shrink-0 overflow-hidden rounded-md">
          <VariantPicture media={pictured} width={THUMB_PX} />
        </span>
      )}
    </button>
  );
}

const frame =
  "m-0.5 mb-1 min-h-12 w-0 min-w-[calc(100%-0.25rem)] rounded-lg border-accent border-s-4 bg-accent/8 px-2.5 py-1.5 text-[0.8125rem]";

/** A file with a picture. Only of what is here: a quote must not fetch what nobody asked to see. */
function picturedOf({ media, revoked }: Message): MediaFile | null {
  if (!media || revoked || mediaState(media).kind !== "ready") return null;
  return pictureUrl(media, THUMB_PX) === null ? null : media;
}
