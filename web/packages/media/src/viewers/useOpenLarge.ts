import { createContext, type MouseEvent, useContext } from "react";
import { services } from "../server/services";
import type { MediaFile } from "../types";

/** What opens a file large for the part of a page that is inside it; without it the page's own service does. */
export const OpensLarge = createContext<((media: MediaFile) => void) | null>(null);

/** For a link to a file: a click opens it large, a modified click in a tab of its own. */
export function useOpenLarge(media: MediaFile): (event: MouseEvent) => void {
  const around = useContext(OpensLarge);
  return (event) => {
    const open = around ?? services.openLarge;
    if (open === null || isForBrowser(event)) return;
    event.preventDefault();
    open(media);
  };
}

/** Whether a click asks for a tab, a window or a download of its own. */
export function isForBrowser({ ctrlKey, metaKey, shiftKey, altKey }: MouseEvent): boolean {
  return ctrlKey || metaKey || shiftKey || altKey;
}
