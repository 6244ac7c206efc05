import { useNow } from "@mediary/media/lib/clock";
import { fileNameOf, shortName } from "@mediary/media/lib/fileName";
import { formatAgo, formatMoment } from "@mediary/media/lib/format";
import { Button } from "@mediary/media/ui/button";
import { ServerWords } from "@mediary/media/ui/ServerWords";
import { Spinner } from "@mediary/media/ui/spinner";
import { factsOf } from "@mediary/media/viewers/facts";
import { kindOf } from "@mediary/media/viewers/kind";
import { Link } from "@tanstack/react-router";
import type { MediaFile } from "@/api/types";
import { Badge } from "@/features/settings/parts";
import { texts } from "@/texts";
import { settings as words } from "@/texts/settings";

const { failures: say } = words;

type RowProps = {
  media: MediaFile;
  checked: boolean;
  pending: boolean;
  mayRetry: boolean;
  onToggle: () => void;
  onRetry: () => void;
};

/** One file that could not be fetched: what it is, why not, and the ways on. */
export function FailureRow({ media, checked, pending, mayRetry, onToggle, onRetry }: RowProps) {
  const now = useNow();
  const { icon: Icon, label } = kindOf(media);
  const { lastError, downloadAttempts, createdAt } = media;
  const given = fileNameOf(media);
  const name = given === null ? label : shortName(given);
  const about = `${name}, ${formatMoment(createdAt)}`;
  const final = lastError !== null && !lastError.retryable;
  const facts = factsOf(media).filter((fact) => fact !== given && fact !== name);
  const notes = [
    ...facts,
    formatMoment(createdAt),
    say.attempts(downloadAttempts),
    ...(lastError?.nextAttemptAt ? [say.next(formatAgo(lastError.nextAttemptAt, now))] : []),
  ];
  return (
    <li className="flex items-start gap-3 px-4 py-3">
      {mayRetry && (
        <input
          type="checkbox"
          checked={checked}
          aria-label={say.select(about)}
          onChange={onToggle}
          className="mt-0.5 size-4.5 shrink-0 accent-accent"
        />
      )}
      <Icon aria-hidden="true" className="mt-0.5 size-4.5 shrink-0 text-muted max-sm:hidden" />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <bdi className="wrap-anywhere font-medium">{name}</bdi>
          {final && <Badge tone="quiet">{say.final}</Badge>}
        </p>
        <p className="text-danger">
          <bdi>
            {lastError ? (
              <ServerWords code={lastError.code} sentence={lastError.message} />
            ) : (
              texts.media.unknownReason
            )}
          </bdi>
        </p>
        <p className="mt-0.5 text-muted text-xs">
          {notes.map((note, at) => (
            <span key={note}>
              {at > 0 && " · "}
              <bdi>{note}</bdi>
            </span>
          ))}
        </p>
        <Link
          to="/c/$conversationId"
          params={{ conversationId: media.conversationId }}
          search={{ m: media.messageId }}
          className="mt-1 inline-block font-medium text-accent text-xs hover:underline"
        >
          {say.open}
        </Link>
      </div>
      {mayRetry && (
        <Button
          variant={final ? "plain" : "soft"}
          aria-label={say.retryLabel(about)}
          disabled={pending}
          onClick={onRetry}
        >
          {pending && <Spinner className="size-4" />}
          {say.retry}
        </Button>
      )}
    </li>
  );
}
