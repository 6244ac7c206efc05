import type { MediaFile } from "../types";

/** What every viewer of a file is told. */
export type ViewerProps = {
  media: MediaFile;
  /** Where the bytes are, for this view of them. */
  url: string;
  sender: string;
  timestamp: string;
  caption: string | null;
  /** Somebody has just tapped to see it, here: what can be played begins. */
  wanted: boolean;
};
