import { clsx } from "clsx";
import { blurOf } from "../lib/thumbhash";
import type { MediaFile } from "../types";
import { kindOf } from "./kind";
import { mediaState } from "./state";
import { VariantPicture } from "./VariantPicture";

type TilePictureProps = {
  media: MediaFile;
  /** Shown where there is no picture. */
  name: string;
  /** How wide it is shown, in CSS pixels. */
  width: number;
};

/** Fills a small square: a picture of a stored file; of others only the blur that the server chose to give. */
export function TilePicture({ media, name, width }: TilePictureProps) {
  const state = mediaState(media);
  const blur = blurOf(media.thumbhash);
  const nameless = blur !== null && (state.kind === "ready" || state.kind === "tap");
  const { icon: Icon } = kindOf(media);
  const words = (
    <>
      <Icon
        aria-hidden="true"
        className={clsx("relative", nameless ? "size-8 rounded-full bg-black/55 p-1.5 text-white" : "size-6")}
      />
      {!nameless && (
        <bdi className="line-clamp-2 max-w-full wrap-anywhere text-center text-[0.6875rem] leading-tight">
          {name}
        </bdi>
      )}
    </>
  );
  if (state.kind === "ready") {
    return (
      <VariantPicture media={media} width={width}>
        {words}
      </VariantPicture>
    );
  }
  return (
    <>
      {nameless && blur && <img src={blur} alt="" className="absolute inset-0 size-full object-cover" />}
      {words}
    </>
  );
}
