import type { Message } from "@/api/types";
import { MediaViewer } from "@/features/media/MediaViewer";
import { MessageMeta } from "@/features/thread/MessageMeta";
import { RichText } from "@/features/thread/RichText";

/** A message with a file: its viewer, its caption, and its time, which lies on a picture that has no caption. */
export function MediaMessageItem({ message, sender }: { message: Message; sender: string }) {
  const { media, caption } = message;
  if (!media) return null;
  const onPicture =
    !caption && (media.fileType === "image" || media.fileType === "sticker") && media.isActive;
  return (
    <div className="relative w-fit max-w-full">
      <MediaViewer media={media} sender={sender} timestamp={message.timestamp} caption={caption} />
      {onPicture ? (
        <MessageMeta message={message} over />
      ) : (
        // Its words must not make the bubble wider than the file.
        <div className="w-0 min-w-full px-2 pt-1">
          {caption && <RichText text={caption} />}
          <MessageMeta message={message} />
        </div>
      )}
    </div>
  );
}
