import { useNow } from "@mediary/media/lib/clock";
import { formatAgo } from "@mediary/media/lib/format";
import { Button } from "@mediary/media/ui/button";
import { EmptyState, Reason } from "@mediary/media/ui/states";
import { useMutation, useQuery } from "@tanstack/react-query";
import { FolderSearch } from "lucide-react";
import type { ReactNode } from "react";
import { toast } from "sonner";
import { useHasRole } from "@/api/roles";
import { lookAt, storageCheckQuery } from "@/api/settings";
import type { StorageCheck } from "@/api/types";
import { Badge, Loaded, Note, Panel } from "@/features/settings/parts";
import { SettingsPage } from "@/features/settings/SettingsPage";
import { number } from "@/texts";
import { settings as words } from "@/texts/settings";

const { integrity: say } = words;

export function IntegrityPage() {
  const query = useQuery({ ...storageCheckQuery, enabled: useHasRole("manager") });
  return (
    <SettingsPage page="/settings/integrity" lead={say.lead}>
      <Loaded query={query}>
        {(check) =>
          check.finishedAt === null ? (
            <EmptyState icon={<FolderSearch />} title={say.never} hint={say.neverHint} />
          ) : (
            <Report check={check} finishedAt={check.finishedAt} />
          )
        }
      </Loaded>
    </SettingsPage>
  );
}

function Report({ check, finishedAt }: { check: StorageCheck; finishedAt: string }) {
  const now = useNow();
  const { startedAt, whole, missing, wrong, untracked, removed } = check;
  const running = startedAt !== null && Date.parse(startedAt) > Date.parse(finishedAt);
  const good = missing.count + wrong.count + untracked.count === 0;
  return (
    <>
      <p className="text-muted">
        {say.finished(formatAgo(finishedAt, now))}
        {running && ` · ${say.running}`}
      </p>
      {good && <Note tone="good">{say.good}</Note>}
      <Panel className="divide-y divide-line">
        <Finding title={say.whole} text={say.wholeText} count={whole} tone="good" />
        <Finding
          title={say.missing}
          text={say.missingText}
          count={missing.count}
          shown={missing.first.length}
        >
          <FileIds ids={missing.first} />
        </Finding>
        <Finding title={say.wrong} text={say.wrongText} count={wrong.count} shown={wrong.first.length}>
          <p className="tabular-nums">{wrong.first.map(say.file).join(", ")}</p>
        </Finding>
        <Finding
          title={say.untracked}
          text={say.untrackedText}
          count={untracked.count}
          shown={untracked.first.length}
        >
          <ul className="flex flex-col gap-1">
            {untracked.first.map((key) => (
              <li key={key} className="wrap-anywhere font-mono text-xs">
                <bdi dir="ltr">{key}</bdi>
              </li>
            ))}
          </ul>
          {removed > 0 && <p className="mt-2 text-muted text-xs">{say.removed(removed)}</p>}
        </Finding>
      </Panel>
    </>
  );
}

type FindingProps = {
  title: string;
  text: string;
  count: number;
  tone?: "good";
  shown?: number;
  children?: ReactNode;
};

function Finding({ title, text, count, tone, shown = 0, children }: FindingProps) {
  return (
    <section aria-label={title} className="px-4 py-3">
      <div className="flex items-center gap-3">
        <h3 className="me-auto font-medium">{title}</h3>
        <Badge tone={count === 0 ? "quiet" : (tone ?? "bad")}>{number(count)}</Badge>
      </div>
      <p className="text-muted">{text}</p>
      {count > 0 && children && (
        <div className="mt-2">
          {shown < count && <p className="mb-1 text-muted text-xs">{say.first(shown, count)}</p>}
          {children}
        </div>
      )}
    </section>
  );
}

/** Files by their number: each can be fetched again while WhatsApp has it. */
function FileIds({ ids }: { ids: readonly number[] }) {
  const fetchAgain = useMutation({
    mutationFn: lookAt,
    onSuccess: (_, id) => toast.success(say.isHere(id)),
    onError: (error) => toast.error(<Reason error={error} />),
  });
  return (
    <ul className="flex flex-wrap gap-2">
      {ids.map((id) => (
        <li key={id} className="flex items-center gap-1 rounded-lg border border-line py-0.5 ps-2.5 pe-0.5">
          <span className="tabular-nums">{say.file(id)}</span>
          <Button
            variant="plain"
            className="min-h-8 px-2"
            aria-label={say.fetchAgainLabel(id)}
            onClick={() => fetchAgain.mutate(id)}
          >
            {say.fetchAgain}
          </Button>
        </li>
      ))}
    </ul>
  );
}
