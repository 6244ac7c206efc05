/** What the inbox sends: of all that `POST /api/messages` takes, with the fields that belong together. */
import type { FileType } from "@/api/types";

type Common = { conversationId: number; clientId: string; replyTo?: number };

/** A message without a file, as `POST /api/messages` takes it as JSON. */
export type NewMessage = Common &
  ({ type: "text"; text: string } | { type: "reaction"; emoji: string; replyTo: number });

/** What stands beside the file in a form. */
export type NewFileMessage = Common & {
  type: FileType;
  caption?: string;
  fileName?: string;
  voice?: boolean;
  /** The server makes a type of it that WhatsApp carries. */
  convert?: boolean;
};
