import type { MediaFile } from "@/api/types";
import { Spinner } from "@/components/ui/spinner";
import { kindOf } from "@/features/media/kind";
import { posterBehind } from "@/features/media/posterBehind";
import { Frame, TileText } from "@/features/media/tile";
import { texts } from "@/texts";

/** Stands for a recording or a video of which the form that plays here is being made. */
export function MakingTile({ media }: { media: MediaFile }) {
  const { label } = kindOf(media);
  return (
    <Frame media={media} label={label} behind={posterBehind(media)}>
      <TileText icon={Spinner} title={label} detail={<span role="status">{texts.media.making}</span>} />
    </Frame>
  );
}
