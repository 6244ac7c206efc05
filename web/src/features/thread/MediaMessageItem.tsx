import type { MediaFile, Message } from "@/api/types";
import { MediaViewer } from "@/features/media/MediaViewer";
import { MessageMeta } from "@/features/thread/MessageMeta";
import { TextWithMeta } from "@/features/thread/TextWithMeta";

/** A message with a file: its viewer, its caption, and its time, which lies on a picture that has no caption. */
export function MediaMessageItem({ message, sender }: { message: Message; sender: string }) {
  const { media, caption } = message;
  if (!media) return null;
  const onPicture = !caption && isBarePicture(media);
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
        <MessageMeta message={message} place="over" />
      ) : (
        // Its words must not make the bubble wider than the file.
        <div className="relative w-0 min-w-full px-2 pt-1">
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
