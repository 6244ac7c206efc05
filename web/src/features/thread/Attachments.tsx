import { fileNameOf } from "@mediary/media/lib/fileName";
import { MediaViewer } from "@mediary/media/viewers/MediaViewer";
import type { Message } from "@/api/types";
import { MessageMeta } from "@/features/thread/MessageMeta";
import { PlainContent } from "@/features/thread/PlainContent";
import { texts } from "@/texts";

/** What a form, a template or an interactive message says, and below it every file that came with it. */
export function Attachments({ message, sender }: { message: Message; sender: string }) {
  return (
    <div className="relative flex flex-col gap-1.5">
      <div className="px-2 pt-0.5">
        <PlainContent message={message} />
      </div>
      <ul aria-label={texts.message.attachments(message.attachments.length)} className="flex flex-col gap-1">
        {message.attachments.map((file) => (
          <li key={file.id}>
            <MediaViewer
              media={file}
              sender={sender}
              timestamp={message.timestamp}
              caption={fileNameOf(file)}
            />
          </li>
        ))}
      </ul>
      <div className="relative px-2">
        <MessageMeta message={message} />
      </div>
    </div>
  );
}
