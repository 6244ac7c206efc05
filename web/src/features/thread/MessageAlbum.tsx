import { formatDateTime, formatLength } from "@mediary/media/lib/format";
import { Spinner } from "@mediary/media/ui/spinner";
import { mediaState } from "@mediary/media/viewers/state";
import { TilePicture } from "@mediary/media/viewers/TilePicture";
import { useOpenLarge } from "@mediary/media/viewers/useOpenLarge";
import { clsx } from "clsx";
import { Play } from "lucide-react";
import { memo } from "react";
import { useMayAct } from "@/api/roles";
import type { MediaFile, Message } from "@/api/types";
import { senderOf } from "@/features/message/people";
import { BubbleFrame, BubbleHeading } from "@/features/thread/BubbleFrame";
import { useThreadContext } from "@/features/thread/context";
import { MessageActions } from "@/features/thread/MessageActions";
import { MessageMeta } from "@/features/thread/MessageMeta";
import { Reactions } from "@/features/thread/Reactions";
import { ALBUM, type AlbumRow, albumLines, lineHeight } from "@/features/thread/rows";
import { texts } from "@/texts";

/** Pictures that were sent together, as one grid: each opens large, and each can be answered by itself. */
export const MessageAlbum = memo(function MessageAlbum(props: { row: AlbumRow; highlighted: boolean }) {
  const { row, highlighted } = props;
  const { messages, firstOfGroup, lastOfGroup } = row;
  const { conversation, faded } = useThreadContext();
  const [first] = messages;
  const last = messages.at(-1);
  if (!first || !last) return null;
  const sent = first.direction === "outbound";
  const sender = senderOf(first, conversation);
  return (
    <article
      tabIndex={-1}
      aria-label={texts.message.album(sender, messages.length)}
      aria-posinset={row.at}
      aria-setsize={row.of}
      className={clsx(
        "relative flex flex-col -outline-offset-2",
        sent ? "items-end" : "items-start",
        firstOfGroup ? "pt-3" : "pt-0.5",
      )}
    >
      {highlighted && (
        <span
          aria-hidden="true"
          onAnimationEnd={faded}
          className="-inset-x-3 absolute inset-y-0 animate-highlight bg-accent/15 md:-inset-x-6"
        />
      )}
      <BubbleFrame message={last} lastOfGroup={lastOfGroup}>
        <BubbleHeading message={first} sender={firstOfGroup ? sender : null} />
        <div
          className="flex max-w-full flex-col overflow-hidden rounded-xl"
          style={{ width: ALBUM.width, gap: ALBUM.gap }}
        >
          {linesOf(messages).map((line) => (
            <div
              key={line[0]?.id}
              className="flex"
              style={{ height: lineHeight(line.length), gap: ALBUM.gap }}
            >
              {line.map((message) => (
                <Tile key={message.id} message={message} sender={sender} isLast={message === last} />
              ))}
            </div>
          ))}
        </div>
      </BubbleFrame>
    </article>
  );
});

function linesOf(messages: Message[]): Message[][] {
  let at = 0;
  return albumLines(messages.length).map((count) => {
    at += count;
    return messages.slice(at - count, at);
  });
}

type TileProps = { message: Message; sender: string; isLast: boolean };

function Tile({ message, sender, isLast }: TileProps) {
  const mayAct = useMayAct();
  const { media } = message;
  if (!media) return null;
  return (
    <div className="group/message relative min-w-0 flex-1 bg-line">
      {mediaState(media).kind === "ready" ? (
        <Picture media={media} message={message} sender={sender} />
      ) : (
        <span
          role="status"
          aria-label={texts.media.loadingLabel(texts.media.kind[media.fileType])}
          className="absolute inset-0 flex items-center justify-center text-muted"
        >
          <Spinner />
        </span>
      )}
      {mayAct && (
        <div className="absolute end-1 top-1 rounded-full *:px-0 [&>div]:rounded-lg [&>div]:bg-surface/90">
          <MessageActions message={message} />
        </div>
      )}
      <div className="pointer-events-none absolute start-0 bottom-0">
        <Reactions message={message} frameless />
      </div>
      {isLast && <MessageMeta message={message} place="over" />}
    </div>
  );
}

function Picture({ media, message, sender }: { media: MediaFile; message: Message; sender: string }) {
  const open = useOpenLarge(media);
  const isVideo = media.fileType === "video";
  const when = formatDateTime(message.timestamp);
  const name = isVideo ? texts.media.videoFrom(sender, when) : texts.media.photoFrom(sender, when);
  return (
    <a
      href={media.url}
      target="_blank"
      rel="noreferrer"
      aria-label={texts.media.open(name)}
      data-media={message.id}
      onClick={open}
      className="absolute inset-0 flex flex-col items-center justify-center gap-1 overflow-hidden text-muted -outline-offset-3 hover:brightness-95"
    >
      <TilePicture media={media} name="" width={ALBUM.width / 2} />
      {isVideo && (
        <span className="absolute inset-0 m-auto flex size-10 items-center justify-center rounded-full bg-black/60 text-white">
          <Play aria-hidden="true" className="ms-0.5 size-5 fill-current" />
        </span>
      )}
      {isVideo && media.durationMs !== null && (
        <span className="absolute start-1.5 bottom-1.5 rounded-full bg-black/60 px-1.5 text-[0.6875rem] text-white tabular-nums">
          {formatLength(media.durationMs / 1000)}
        </span>
      )}
    </a>
  );
}
