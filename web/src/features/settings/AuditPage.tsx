import { formatMoment } from "@mediary/media/lib/format";
import { Button } from "@mediary/media/ui/button";
import { EmptyState, ErrorState } from "@mediary/media/ui/states";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { ScrollText } from "lucide-react";
import { useHasRole } from "@/api/roles";
import { auditQuery } from "@/api/settings";
import type { AuditEntry } from "@/api/types";
import { AuditExport } from "@/features/settings/AuditExport";
import { AuditFilters } from "@/features/settings/AuditFilters";
import { type AuditSearch, filterOf } from "@/features/settings/auditSearch";
import { actionWords, type Names, referenceWords, useNames } from "@/features/settings/auditWords";
import { More, RowsLoading, TablePanel } from "@/features/settings/parts";
import { SettingsPage } from "@/features/settings/SettingsPage";
import { settings as words } from "@/texts/settings";

const { audit: say } = words;

export function AuditPage() {
  const search: AuditSearch = useSearch({ from: "/inbox/settings/audit" });
  const navigate = useNavigate({ from: "/settings/audit" });
  const isAdmin = useHasRole("admin");
  const filter = filterOf(search);
  const query = useInfiniteQuery({ ...auditQuery(filter), enabled: isAdmin });
  const names = useNames(isAdmin);
  const entries = query.data?.pages.flatMap(({ items }) => items) ?? [];
  const isFiltered = Object.keys(search).length > 0;
  const clear = () => void navigate({ search: {}, replace: true });
  return (
    <SettingsPage
      page="/settings/audit"
      lead={say.lead}
      wide
      actions={entries.length > 0 ? <AuditExport filter={filter} names={names} /> : null}
    >
      <AuditFilters
        search={search}
        names={names}
        onChange={(next) => void navigate({ search: next, replace: true })}
      />
      {query.isPending ? (
        <RowsLoading rows={8} />
      ) : query.isError && entries.length === 0 ? (
        <ErrorState title={words.failed} error={query.error} retry={() => void query.refetch()} />
      ) : entries.length === 0 ? (
        <EmptyState
          icon={<ScrollText />}
          title={isFiltered ? say.nothing : say.empty}
          {...(isFiltered ? { hint: say.nothingHint } : {})}
        >
          {isFiltered && (
            <Button variant="soft" className="mt-3" onClick={clear}>
              {say.clear}
            </Button>
          )}
        </EmptyState>
      ) : (
        <Entries entries={entries} names={names} />
      )}
      <More query={query} />
    </SettingsPage>
  );
}

function Entries({ entries, names }: { entries: readonly AuditEntry[]; names: Names }) {
  return (
    <TablePanel label={words.nav.audit}>
      <table className="w-full max-md:block">
        <thead className="max-md:sr-only">
          <tr className="border-line border-b text-muted text-xs [&>th]:px-4 [&>th]:py-2 [&>th]:text-start [&>th]:font-medium">
            <th scope="col">{say.when}</th>
            <th scope="col">{say.who}</th>
            <th scope="col">{say.action}</th>
            <th scope="col">{say.record}</th>
            <th scope="col">{say.address}</th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line max-md:block">
          {entries.map((entry) => (
            <Entry key={entry.id} entry={entry} names={names} />
          ))}
        </tbody>
      </table>
    </TablePanel>
  );
}

/** A row of the table; on a phone its cells stand in two lines. */
function Entry({ entry, names }: { entry: AuditEntry; names: Names }) {
  const { createdAt, who, action, record, ip } = entry;
  return (
    <tr className="max-md:flex max-md:flex-wrap max-md:gap-x-3 max-md:px-4 max-md:py-2.5 md:[&>td]:px-4 md:[&>td]:py-2.5">
      <td className="whitespace-nowrap text-muted tabular-nums max-md:order-4 max-md:text-xs">
        {formatMoment(createdAt)}
      </td>
      <td className="wrap-anywhere max-md:order-2">
        <bdi>{referenceWords(who, names)}</bdi>
      </td>
      <td className="font-medium max-md:order-1">{actionWords(action)}</td>
      <td className="wrap-anywhere text-muted max-md:order-3 max-md:basis-full">
        <bdi>{record === null || record === who ? "" : referenceWords(record, names)}</bdi>
      </td>
      <td className="wrap-anywhere text-muted tabular-nums max-md:order-5 max-md:text-xs">
        <bdi dir="ltr">{ip ?? ""}</bdi>
      </td>
    </tr>
  );
}
