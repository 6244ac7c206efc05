import { Button } from "@mediary/media/ui/button";
import { Spinner } from "@mediary/media/ui/spinner";
import { EmptyState, ErrorState } from "@mediary/media/ui/states";
import { useInfiniteQuery } from "@tanstack/react-query";
import { CloudCheck } from "lucide-react";
import { useState } from "react";
import { useHasRole } from "@/api/roles";
import { failuresQuery } from "@/api/settings";
import type { FileType, MediaFile } from "@/api/types";
import { SelectField } from "@/components/ui/field";
import { FailureRow } from "@/features/settings/FailureRow";
import { More, Note, Panel, RowsLoading } from "@/features/settings/parts";
import { RetryAll } from "@/features/settings/RetryAll";
import { SettingsPage } from "@/features/settings/SettingsPage";
import { TYPES } from "@/features/settings/usage";
import { useRetry } from "@/features/settings/useRetry";
import { settings as words } from "@/texts/settings";

const { failures: say } = words;

export function FailuresPage() {
  const [type, setType] = useState<FileType | undefined>();
  const query = useInfiniteQuery(failuresQuery(type));
  const files = query.data?.pages.flatMap(({ items }) => items) ?? [];
  const mayRetryAll = useHasRole("manager");
  return (
    <SettingsPage
      page="/settings/failures"
      lead={say.lead}
      actions={mayRetryAll && files.length > 0 ? <RetryAll /> : null}
    >
      <SelectField
        label={say.type}
        value={type ?? ""}
        onChange={({ target }) => setType(TYPES.find((item) => item === target.value))}
        className="w-52"
      >
        <option value="">{say.all}</option>
        {TYPES.map((value) => (
          <option key={value} value={value}>
            {words.type[value]}
          </option>
        ))}
      </SelectField>
      {query.isPending ? (
        <RowsLoading label={say.loading} />
      ) : query.isError && files.length === 0 ? (
        <ErrorState title={words.failed} error={query.error} retry={() => void query.refetch()} />
      ) : files.length === 0 ? (
        <EmptyState
          icon={<CloudCheck />}
          title={type === undefined ? say.empty : say.emptyType}
          {...(type === undefined ? { hint: say.emptyHint } : {})}
        />
      ) : (
        <Files key={type} files={files} />
      )}
      <More query={query} />
    </SettingsPage>
  );
}

function Files({ files }: { files: readonly MediaFile[] }) {
  const mayRetry = useHasRole("agent");
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const { retry, pending, problem } = useRetry();
  // What was queued again is no longer on the list, and no longer chosen.
  const selected = files.filter(({ id }) => chosen.has(id));
  const toggle = (id: number) =>
    setChosen((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
  const all = selected.length === files.length;
  return (
    <>
      {!mayRetry && <Note tone="quiet">{say.agent}</Note>}
      {problem && (
        <Note tone="bad" role="alert">
          {problem}
        </Note>
      )}
      <Panel keepsFocus className="overflow-hidden">
        {mayRetry && (
          <div className="flex min-h-13 flex-wrap items-center gap-3 border-line border-b bg-sunken px-4 py-2">
            <label className="me-auto flex min-h-9 cursor-pointer items-center gap-3">
              <input
                type="checkbox"
                aria-label={say.selectAll}
                checked={all}
                ref={(box) => {
                  if (box) box.indeterminate = selected.length > 0 && !all;
                }}
                onChange={() => setChosen(new Set(all ? [] : files.map(({ id }) => id)))}
                className="size-4.5 accent-accent"
              />
              <span role="status" className="text-muted">
                {selected.length > 0 ? say.selected(selected.length) : say.selectAll}
              </span>
            </label>
            {selected.length > 0 && (
              <Button variant="soft" disabled={pending.size > 0} onClick={() => retry(selected)}>
                {pending.size > 0 && <Spinner className="size-4" />}
                {say.retrySelected(selected.length)}
              </Button>
            )}
          </div>
        )}
        <ul className="divide-y divide-line">
          {files.map((media) => (
            <FailureRow
              key={media.id}
              media={media}
              checked={chosen.has(media.id)}
              pending={pending.has(media.id)}
              mayRetry={mayRetry}
              onToggle={() => toggle(media.id)}
              onRetry={() => retry([media])}
            />
          ))}
        </ul>
      </Panel>
    </>
  );
}
