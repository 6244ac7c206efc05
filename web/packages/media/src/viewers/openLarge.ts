import type { MouseEvent } from "react";
import { services } from "../server/services";
import type { MediaFile } from "../types";

/** For a link to a file: a click opens it large, a modified click in a tab of its own. */
export function openLarge(media: MediaFile): (event: MouseEvent) => void {
  return (event) => {
    if (services.openLarge === null || isForBrowser(event)) return;
    event.preventDefault();
    services.openLarge(media);
  };
}

/** Whether a click asks for a tab, a window or a download of its own. */
export function isForBrowser({ ctrlKey, metaKey, shiftKey, altKey }: MouseEvent): boolean {
  return ctrlKey || metaKey || shiftKey || altKey;
}
