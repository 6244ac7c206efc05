import { ApiError } from "../server/client";
import { texts } from "../texts";
import { Button } from "../ui/button";
import { Spinner } from "../ui/spinner";
import { reasonOf } from "../ui/states";

const centre = "absolute inset-0 flex items-center justify-center";

/** In the large view, until it is known what to show, or why there is nothing. */
export function WaitingStage({ error, retry }: { error: Error | null; retry?: () => void }) {
  if (error) {
    const isGone = error instanceof ApiError && error.status === 404;
    return (
      <div className={`${centre} flex-col gap-3 px-18 text-center`} role="alert">
        <p className="font-medium">{texts.media.loadFailed}</p>
        <p className="max-w-80 text-white/75">{reasonOf(error)}</p>
        {retry && !isGone && (
          <Button variant="soft" onClick={retry} className="text-text">
            {texts.action.retry}
          </Button>
        )}
      </div>
    );
  }
  return (
    <div className={centre} role="status" aria-label={texts.media.loading}>
      <Spinner className="size-8" />
    </div>
  );
}
