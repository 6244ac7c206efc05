import { toast } from "sonner";
import { forwardMessage } from "@/api/send";
import type { Message } from "@/api/types";
import { previewOf } from "@/features/message/preview";
import { ForwardDialog } from "@/features/thread/ForwardDialog";
import { texts } from "@/texts";

/** Sends one message of the thread on to other conversations. */
export function ForwardMessage({ message, onClose }: { message: Message; onClose: () => void }) {
  const { icon: Icon, text } = previewOf(message);
  const words = (
    <>
      {Icon && <Icon aria-hidden="true" className="size-4 shrink-0" />}
      <bdi className="truncate">{text}</bdi>
    </>
  );
  return (
    <ForwardDialog
      words={words}
      forward={(conversationIds, attempt) => forwardMessage(message.id, conversationIds, attempt)}
      onDone={(count) => {
        toast.success(texts.forward.done(count));
        onClose();
      }}
      onClose={onClose}
    />
  );
}
