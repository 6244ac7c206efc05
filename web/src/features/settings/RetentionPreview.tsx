import { formatBytes } from "@mediary/media/lib/format";
import { Reason, Skeleton } from "@mediary/media/ui/states";
import { useQuery } from "@tanstack/react-query";
import { retentionPreviewQuery } from "@/api/settings";
import type { Retention } from "@/api/types";
import { settings as words } from "@/texts/settings";

const { media: say } = words;

/** What a retention would do at once, without doing it. */
export function RetentionPreview({ retention, accountId }: { retention: Retention; accountId?: number }) {
  const query = useQuery(retentionPreviewQuery(retention, accountId));
  return (
    <section aria-label={say.dryRun} aria-live="polite" className="rounded-xl bg-sunken px-4 py-3">
      <h4 className="mb-1.5 font-medium">{say.dryRun}</h4>
      {query.isPending && (
        <div role="status" aria-label={say.previewLoading}>
          <Skeleton className="my-1 h-3.5 w-3/5" />
        </div>
      )}
      {query.isError && (
        <p className="text-danger">
          <Reason error={query.error} />
        </p>
      )}
      {query.data && <p>{sentenceOf(query.data.ended, retention)}</p>}
    </section>
  );
}

function sentenceOf(ended: { files: number; bytes: number }, { mode }: Retention): string {
  if (ended.files === 0) return say.endsNone;
  const size = formatBytes(ended.bytes);
  return mode === "archive_after" ? say.archives(ended.files, size) : say.ends(ended.files, size);
}
