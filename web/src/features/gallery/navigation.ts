import type { MediaFile } from "@/api/types";

/** The ways out of a gallery, which are the URL's. */
export type GalleryNavigation = {
  /** Opens a file large, or closes it. */
  view: (file: MediaFile | null, replace?: boolean) => void;
  /** Shows the message of a file in its conversation. */
  jump: (file: MediaFile) => void;
};

/** The file that is open large. */
export type Viewed = { messageId: number; part: number } | null;
