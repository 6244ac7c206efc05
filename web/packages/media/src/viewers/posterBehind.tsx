import type { ReactNode } from "react";
import type { MediaFile } from "../types";
import { mediaBox } from "./box";
import { VariantPicture } from "./VariantPicture";
import { pictureUrl } from "./variants";

/** The poster of a video that does not play, so that one sees at least which it is; undefined where there is none. */
export function posterBehind(media: MediaFile): ReactNode {
  if (media.fileType !== "video" || pictureUrl(media, 1) === null) return undefined;
  return (
    <span className="absolute inset-0">
      <VariantPicture media={media} width={mediaBox(media).width} />
    </span>
  );
}
