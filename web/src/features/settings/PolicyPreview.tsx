import { formatBytes } from "@mediary/media/lib/format";
import { Reason, Skeleton } from "@mediary/media/ui/states";
import { useQuery } from "@tanstack/react-query";
import { policyPreviewQuery } from "@/api/settings";
import type { MediaPolicy, PolicyPreview as Preview } from "@/api/types";
import { Note } from "@/features/settings/parts";
import { settings as words } from "@/texts/settings";

const { media: say } = words;

/** What a change of the policy would mean, before it is made. */
export function PolicyPreview({ policy, accountId }: { policy: MediaPolicy; accountId?: number }) {
  const query = useQuery(policyPreviewQuery(policy, accountId));
  return (
    <section aria-label={say.previewTitle} aria-live="polite" className="rounded-xl bg-sunken px-4 py-3">
      <h4 className="mb-1.5 font-medium">{say.previewTitle}</h4>
      {query.isPending && (
        <div role="status" aria-label={say.previewLoading} className="flex flex-col gap-2 py-1">
          <Skeleton className="h-3.5 w-4/5" />
          <Skeleton className="h-3.5 w-3/5" />
        </div>
      )}
      {query.isError && (
        <p className="text-danger">
          <Reason error={query.error} />
        </p>
      )}
      {query.data && <Findings preview={query.data} />}
    </section>
  );
}

function Findings({ preview }: { preview: Preview }) {
  const { stored, onlyHere, notHere, notHereThen, policy } = preview;
  return (
    <>
      <ul className="flex list-disc flex-col gap-1 ps-4.5 marker:text-muted">
        <li>{stored.files === 0 ? say.storedNone : say.stored(stored.files, formatBytes(stored.bytes))}</li>
        {notHere.files > 0 && <li>{say.notHere[notHereThen](notHere.files, formatBytes(notHere.bytes))}</li>}
      </ul>
      {policy === "stream" && onlyHere.files > 0 && (
        <div className="mt-2">
          <Note tone="warn">{say.onlyHere(onlyHere.files)}</Note>
        </div>
      )}
    </>
  );
}
