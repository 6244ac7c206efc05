import { Ban, Clock, FileX, RotateCw } from "lucide-react";
import { useId } from "react";
import { useSecondsUntil } from "../lib/clock";
import { texts } from "../texts";
import type { MediaFile } from "../types";
import { FileDownloadButton } from "./FileDownloadButton";
import { endOfCopy, factsOf } from "./facts";
import type { Failure } from "./failure";
import { kindOf } from "./kind";
import { posterBehind } from "./posterBehind";
import { Frame, TileText } from "./tile";

type FailedTileProps = {
  media: MediaFile;
  url: string;
  /** Null while the reason is being asked for. */
  failure: Failure | null;
  retry: () => void;
};

/** A file that somebody wants to see and that does not show: the reason, what is known of it, and a way on if there is one. */
export function FailedTile({ media, url, failure, retry }: FailedTileProps) {
  const words = useId();
  const seconds = useSecondsUntil(failure?.retryAt ?? null);
  const final = failure?.final ?? false;
  const { label } = kindOf(media);
  const [kind, ...facts] = factsOf(media);
  // Once it is the title, the kind needs not be said again.
  const named = failure?.came === true;
  return (
    <Frame
      media={media}
      wordy
      empty
      label={label}
      behind={posterBehind(media)}
      beneath={
        // Beneath the words instead of around them, so that they are read out as what they are.
        !final &&
        !named && (
          <button
            type="button"
            aria-label={texts.media.failedToLoad}
            aria-describedby={words}
            aria-disabled={seconds > 0}
            onClick={() => seconds === 0 && retry()}
            className="absolute inset-0 rounded-xl -outline-offset-2 hover:bg-text/8 aria-disabled:cursor-default aria-disabled:hover:bg-transparent"
          />
        )
      }
    >
      <TileText
        icon={named ? FileX : final ? Ban : seconds > 0 ? Clock : RotateCw}
        title={named ? label : titleOf(final, seconds)}
        detail={
          <span id={words}>
            <span role="alert" className="block min-h-5">
              <bdi>{failure?.reason}</bdi>
            </span>
            <bdi className="mt-1 block text-xs">{(named ? facts : [kind, ...facts]).join(" · ")}</bdi>
            <End media={media} failure={failure} />
          </span>
        }
      >
        {seconds > 0 && (
          <span className="mt-1 block font-medium text-[0.8125rem] tabular-nums">
            {texts.media.retryIn(seconds)}
          </span>
        )}
        {named && (
          // It did come: to have it is the way on, and to try again only a hope.
          <span className="mt-1.5 flex flex-wrap gap-1.5">
            <FileDownloadButton media={media} url={url} worded />
            {!final && (
              <button
                type="button"
                onClick={retry}
                className="inline-flex min-h-8 items-center gap-1.5 rounded-full px-3 font-medium text-accent text-xs hover:bg-text/8"
              >
                <RotateCw aria-hidden="true" className="size-3.5" />
                {texts.action.retry}
              </button>
            )}
          </span>
        )}
      </TileText>
    </Frame>
  );
}

function titleOf(final: boolean, seconds: number): string {
  if (final) return texts.media.unavailable;
  return seconds > 0 ? texts.media.failedForNow : texts.media.failedToLoad;
}

/** When WhatsApp's copy ends, which tells how long trying again makes sense. */
function End({ media, failure }: Pick<FailedTileProps, "media" | "failure">) {
  if (failure === null || failure.came) return null;
  const end = endOfCopy(media, failure.code, failure.reason);
  return end && <span className="block text-xs">{end}</span>;
}
