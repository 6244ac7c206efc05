import { useNavigate } from "@tanstack/react-router";
import type { MouseEvent } from "react";
import type { MediaFile } from "@/api/types";
import { partOf } from "@/features/media/state";

/** For a link to a file: a click opens it large, a modified click in a tab of its own. */
export function useOpenLarge(media: MediaFile): (event: MouseEvent) => void {
  const navigate = useNavigate({ from: "/c/$conversationId" });
  return (event) => {
    if (isForBrowser(event)) return;
    event.preventDefault();
    void navigate({
      search: ({ part: _, ...rest }) => ({ ...rest, view: media.messageId, ...partOf(media) }),
    });
  };
}

/** Whether a click asks for a tab, a window or a download of its own. */
export function isForBrowser({ ctrlKey, metaKey, shiftKey, altKey }: MouseEvent): boolean {
  return ctrlKey || metaKey || shiftKey || altKey;
}
