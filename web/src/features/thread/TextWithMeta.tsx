import type { Message } from "@/api/types";
import { MessageMeta } from "@/features/thread/MessageMeta";
import { RichText } from "@/features/thread/RichText";

const RIGHT_TO_LEFT =
  /^[^\p{L}]*[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

/** A text with its time at the end of its last line, or below it where the text runs another way than the page. */
export function TextWithMeta({ text, message }: { text: string; message: Message }) {
  if (RIGHT_TO_LEFT.test(text) !== (document.documentElement.dir === "rtl")) {
    return (
      <>
        <RichText text={text} />
        <MessageMeta message={message} />
      </>
    );
  }
  return (
    <>
      <RichText text={text} end={<MessageMeta message={message} place="spacer" />} />
      <MessageMeta message={message} place="corner" />
    </>
  );
}
