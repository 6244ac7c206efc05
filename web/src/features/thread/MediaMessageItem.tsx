import { MediaViewer } from "@mediary/media/viewers/MediaViewer";
import { clsx } from "clsx";
import type { MediaFile, Message } from "@/api/types";
import { MessageMeta } from "@/features/thread/MessageMeta";
import { TextWithMeta } from "@/features/thread/TextWithMeta";

/** Letters from which on a caption may be wider than its picture. */
const LONG_CAPTION = 160;

/** A message with a file: its viewer, its caption, and its time, which lies on a picture that has no caption. */
export function MediaMessageItem({ message, sender }: { message: Message; sender: string }) {
  const { media, caption } = message;
  if (!media) return null;
  const onPicture = !caption && isBarePicture(media);
  const isSticker = media.fileType === "sticker";
  const isLong = (caption?.length ?? 0) > LONG_CAPTION;
  return (
    <div className="relative w-fit max-w-full">
      {/* What the server does not have yet has nothing to open; a picture stays the same element when it has. */}
      <div inert={media.id < 0}>
        <MediaViewer
          key={media.fileType === "image" ? "picture" : media.id}
          media={media}
          sender={sender}
          timestamp={message.timestamp}
          caption={caption}
        />
      </div>
      {onPicture ? (
        // A sticker is too small, and drawn to its edges: its time stands below it.
        <MessageMeta message={message} place={isSticker ? "pill" : "over"} />
      ) : (
        // A few words must not make the bubble wider than the file; many would be a column of single words.
        <div className={clsx("relative px-2 pt-1", isLong ? "w-md max-w-full" : "w-0 min-w-full")}>
          {caption ? <TextWithMeta text={caption} message={message} /> : <MessageMeta message={message} />}
        </div>
      )}
    </div>
  );
}

/** A picture with nothing written on it that the time could cover. */
function isBarePicture(media: MediaFile): boolean {
  const picture = media.fileType === "image" || media.fileType === "sticker";
  return picture && media.isActive && media.integrity !== "mismatch" && media.downloadStatus !== "failed";
}
