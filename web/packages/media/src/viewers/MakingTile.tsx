import { texts } from "../texts";
import type { MediaFile } from "../types";
import { Spinner } from "../ui/spinner";
import { kindOf } from "./kind";
import { posterBehind } from "./posterBehind";
import { Frame, TileText } from "./tile";

/** Stands for a recording or a video of which the form that plays here is being made. */
export function MakingTile({ media }: { media: MediaFile }) {
  const { label } = kindOf(media);
  return (
    <Frame media={media} label={label} behind={posterBehind(media)}>
      <TileText icon={Spinner} title={label} detail={<span role="status">{texts.media.making}</span>} />
    </Frame>
  );
}
