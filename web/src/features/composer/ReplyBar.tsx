import { IconButton } from "@mediary/media/ui/button";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { X } from "lucide-react";
import { messageQuery } from "@/api/queries";
import type { Conversation } from "@/api/types";
import { focusComposer } from "@/features/composer/focus";
import { senderOf } from "@/features/message/people";
import { previewOf } from "@/features/message/preview";
import { texts } from "@/texts";

type ReplyBarProps = { messageId: number; conversation: Conversation | undefined; onCancel: () => void };

/** The message that is answered, above what is written. */
export function ReplyBar({ messageId, conversation, onCancel }: ReplyBarProps) {
  const client = useQueryClient();
  const { data: message } = useQuery(messageQuery(messageId, client));
  const preview = message ? previewOf(message) : null;
  const Icon = preview?.icon;
  const sender = message ? senderOf(message, conversation) : "";
  return (
    // biome-ignore lint/a11y/useSemanticElements: no set of fields
    <div
      role="group"
      aria-label={texts.composer.replyingTo(sender, preview?.text ?? "")}
      className="flex items-center gap-2 rounded-lg border-accent border-s-4 bg-accent/8 ps-3"
    >
      <div className="min-w-0 flex-1 py-1.5 text-[0.8125rem]">
        <bdi className="block truncate font-semibold text-accent-strong text-xs">
          {texts.composer.replyTo(sender)}
        </bdi>
        <span className="flex items-center gap-1.5 text-muted">
          {Icon && <Icon aria-hidden="true" className="size-3.5 shrink-0" />}
          <bdi className="truncate">{preview?.text ?? texts.message.quoteGone}</bdi>
        </span>
      </div>
      <IconButton
        label={texts.composer.cancelReply}
        onClick={() => {
          onCancel();
          focusComposer();
        }}
      >
        <X className="size-4.5" />
      </IconButton>
    </div>
  );
}
