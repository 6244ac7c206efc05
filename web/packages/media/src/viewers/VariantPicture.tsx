import { clsx } from "clsx";
import type { ReactNode } from "react";
import { blurOf, isTransparent } from "../lib/thumbhash";
import type { MediaFile } from "../types";
import type { Failure } from "./failure";
import { useVariant, type VariantState } from "./useVariant";
import { isPdf, pictureUrl } from "./variants";

type VariantPictureProps = {
  media: MediaFile;
  /** How wide it is shown, in CSS pixels. */
  width: number;
  /** Empty where what surrounds it says what it is. */
  alt?: string;
  /** Shown where there is no picture, over the blurred one if there is that; by the reason why there is none, where one is known. */
  children?: ReactNode | ((failure: Failure | null) => ReactNode);
};

/** A page begins at its top, a sticker has no edges to be cut off. */
function fitOf(media: MediaFile): string {
  if (media.fileType === "sticker") return "object-contain";
  return isPdf(media) ? "object-cover object-top" : "object-cover";
}

/** Fills the box around it with a picture made of a stored file; until that is there, with the blurred one from the record. */
export function VariantPicture({ media, width, ...rest }: VariantPictureProps) {
  return <PictureOf media={media} picture={useVariantPicture(media, width)} {...rest} />;
}

/** For who has to know of the picture what becomes of it. */
export function useVariantPicture(media: MediaFile, width: number): VariantState {
  return useVariant(media, pictureUrl(media, width * window.devicePixelRatio));
}

type PictureOfProps = Omit<VariantPictureProps, "width"> & {
  picture: VariantState;
  /** Nothing of it is cut off, and nothing blown up. */
  whole?: boolean;
};

export function PictureOf({ media, picture, alt = "", whole = false, children }: PictureOfProps) {
  const blur = blurOf(media.thumbhash);
  const loaded = picture.phase === "loaded";
  // A sticker is meant to stand on the page itself.
  const onGround = media.fileType !== "sticker" && isTransparent(media.thumbhash);
  const requested = loaded || picture.phase === "loading";
  const fit = whole ? "object-scale-down" : fitOf(media);
  const place = clsx("absolute inset-0 size-full transition-opacity duration-200", fit);
  return (
    <>
      {blur && (
        // Nothing transparent may show it in the end; but first the picture fades in over it.
        <img src={blur} alt="" className={clsx(place, loaded && "opacity-0 delay-200")} />
      )}
      {requested && picture.url !== null && (
        <img
          key={picture.attempt}
          src={picture.url}
          alt={alt}
          loading="lazy"
          decoding="async"
          onLoad={picture.onLoad}
          onError={picture.onError}
          className={clsx(place, !loaded && "opacity-0", onGround && "ground")}
        />
      )}
      {picture.phase === "missing" && (typeof children === "function" ? children(picture.failure) : children)}
    </>
  );
}
