import { type ReactNode, useState } from "react";
import { texts } from "../texts";
import type { MediaFile } from "../types";
import { ImageLightbox } from "./ImageLightbox";
import type { About } from "./neighbours";
import { useAbout } from "./useAbout";
import { OpensLarge } from "./useOpenLarge";

type LargeViewProps = {
  children: ReactNode;
  /** Said of the file, where the page knows it; else its message is asked for. */
  about?: About | null;
  /** A file is about to be opened large; what answers false opens it in its own way. */
  onOpen?: (media: MediaFile) => unknown;
  /** Shows the message of a file. */
  onJump?: (media: MediaFile) => void;
};

/** What is inside opens its pictures large, over the page, each by itself. */
export function LargeView({ children, about, onOpen, onJump }: LargeViewProps) {
  const [opened, setOpened] = useState<MediaFile | null>(null);
  const open = (media: MediaFile) => {
    if (onOpen?.(media) !== false) setOpened(media);
  };
  const asked = useAbout(about === undefined ? opened : null);
  const close = () => setOpened(null);
  return (
    <OpensLarge value={open}>
      {children}
      {opened && (
        <ImageLightbox
          label={texts.gallery.lightbox}
          words={texts.lightbox.inGallery}
          neighbours={alone(opened)}
          name={`${opened.id}`}
          about={about ?? asked}
          show={() => {}}
          onClose={close}
          {...(onJump ? { onJump: () => onJump(opened) } : {})}
        />
      )}
    </OpensLarge>
  );
}

function alone(media: MediaFile) {
  const none = { before: undefined, after: undefined, first: undefined, last: undefined };
  return { ...none, current: media, error: null, retry: () => {}, counter: null };
}
