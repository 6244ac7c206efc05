import type { Message } from "@/api/types";
import { MessageMeta } from "@/features/thread/MessageMeta";
import { RichText } from "@/features/thread/RichText";

/** A text with its time at the end of its last line, on the side where the text's own direction ends: only the paragraph knows it. */
export function TextWithMeta({ text, message }: { text: string; message: Message }) {
  return (
    <RichText
      text={text}
      end={
        <>
          <MessageMeta message={message} place="spacer" />
          <MessageMeta message={message} place="corner" />
        </>
      }
    />
  );
}
