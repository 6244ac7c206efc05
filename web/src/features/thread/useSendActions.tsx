import { Reason } from "@mediary/media/ui/states";
import { useMutation } from "@tanstack/react-query";
import { toast } from "sonner";
import type { Message } from "@/api/types";
import { changeDraft, useDrafts } from "@/features/composer/drafts";
import { retrySent, takeBack } from "@/features/sending/sending";
import { announce } from "@/lib/announce";
import { texts } from "@/texts";

/** Sends a message again that failed, or of which nobody knows. */
export function useSendAgain(message: Message) {
  return useMutation({
    mutationFn: () => retrySent(message),
    onError: (error) => tell(texts.actions.sendAgainFailed, error),
  });
}

/** Takes a message back that has not left; its words go back to where they were written. */
export function useTakeBack(message: Message): () => void {
  const { mutate } = useMutation({
    mutationFn: () => takeBack(message),
    onSuccess: () => {
      announce(texts.actions.takenBack);
      const { conversationId, text } = message;
      const written = useDrafts.getState().byConversation[conversationId]?.text ?? "";
      if (text && written === "") changeDraft(conversationId, { type: "typed", text });
    },
    onError: (error) => tell(texts.actions.takeBackFailed, error),
  });
  return mutate;
}

function tell(what: string, error: Error): void {
  toast.error(
    <>
      {what} <Reason error={error} />
    </>,
  );
}
