import { formatBytes, formatMonth } from "@mediary/media/lib/format";
import { EmptyState, Skeleton } from "@mediary/media/ui/states";
import { useQuery } from "@tanstack/react-query";
import { ChartColumn } from "lucide-react";
import { useState } from "react";
import { useHasRole } from "@/api/roles";
import { usageQuery } from "@/api/settings";
import type { Usage } from "@/api/types";
import { SelectField } from "@/components/ui/field";
import { Loaded, Panel, TablePanel } from "@/features/settings/parts";
import { SettingsPage } from "@/features/settings/SettingsPage";
import { colours, UsageChart } from "@/features/settings/UsageChart";
import { CHART_MONTHS, type Measure, type MonthUse, monthsOf, TYPES } from "@/features/settings/usage";
import { number } from "@/texts";
import { settings as words } from "@/texts/settings";

const { storage: say } = words;
const formats: Record<Measure, (value: number) => string> = {
  bytes: formatBytes,
  files: (n) => number(n),
};

export function StoragePage() {
  const query = useQuery({ ...usageQuery, enabled: useHasRole("manager") });
  return (
    <SettingsPage page="/settings/storage" lead={say.lead} wide>
      <Loaded query={query} loading={<Loading />}>
        {(usage) =>
          usage.length === 0 ? (
            <EmptyState icon={<ChartColumn />} title={say.empty} hint={say.emptyHint} />
          ) : (
            <Use usage={usage} />
          )
        }
      </Loaded>
    </SettingsPage>
  );
}

function Use({ usage }: { usage: readonly Usage[] }) {
  const [measure, setMeasure] = useState<Measure>("bytes");
  const format = formats[measure];
  const months = monthsOf(usage, measure);
  const sum = (of: Measure) => usage.reduce((total, row) => total + row[of], 0);
  const latest = months.at(-1);
  const shown = months.slice(-CHART_MONTHS);
  const shownTotal = format(shown.reduce((total, month) => total + month.total, 0));
  return (
    <>
      <dl className="grid grid-cols-2 gap-3 sm:grid-cols-3">
        <Figure name={say.total} value={formatBytes(sum("bytes"))} />
        <Figure name={say.filesTotal} value={number(sum("files"))} />
        {latest && <Figure name={formatMonth(latest.month)} value={format(latest.total)} />}
      </dl>
      <Panel className="flex flex-col gap-4 p-4 md:p-5">
        <div className="flex flex-wrap items-end justify-between gap-3">
          <ul className="flex flex-wrap gap-x-4 gap-y-1">
            {TYPES.map((type) => (
              <li key={type} className="flex items-center gap-1.5">
                <span aria-hidden="true" className={`size-2.5 rounded-sm ${colours[type].dot}`} />
                {words.type[type]}
              </li>
            ))}
          </ul>
          <SelectField
            label={say.show}
            value={measure}
            onChange={(event) => setMeasure(event.target.value as Measure)}
            className="w-44"
          >
            <option value="bytes">{say.bySize}</option>
            <option value="files">{say.byFiles}</option>
          </SelectField>
        </div>
        <UsageChart months={shown} label={say.chart(shown.length, shownTotal)} format={format} />
      </Panel>
      <UsageTable months={months} format={format} />
    </>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div className="flex flex-col-reverse rounded-xl border border-line bg-surface px-4 py-3">
      <dt className="text-muted">{name}</dt>
      <dd className="font-semibold text-xl tabular-nums">
        <bdi>{value}</bdi>
      </dd>
    </div>
  );
}

function UsageTable({ months, format }: { months: readonly MonthUse[]; format: (value: number) => string }) {
  return (
    <TablePanel label={say.table}>
      <table className="w-full">
        <caption className="sr-only">{say.table}</caption>
        <thead>
          <tr className="border-line border-b text-muted text-xs [&>th]:px-4 [&>th]:py-2 [&>th]:font-medium">
            <th scope="col" className="text-start">
              {say.month}
            </th>
            {TYPES.map((type) => (
              <th key={type} scope="col" className="text-end">
                {words.type[type]}
              </th>
            ))}
            <th scope="col" className="text-end">
              {say.sum}
            </th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {[...months].reverse().map(({ month, by, total }) => (
            <tr key={month} className="[&>*]:whitespace-nowrap [&>*]:px-4 [&>*]:py-2">
              <th scope="row" className="text-start font-normal">
                {formatMonth(month)}
              </th>
              {TYPES.map((type) => (
                <td key={type} className="text-end text-muted tabular-nums">
                  <bdi>{by[type] === 0 ? "–" : format(by[type])}</bdi>
                </td>
              ))}
              <td className="text-end font-medium tabular-nums">
                <bdi>{format(total)}</bdi>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TablePanel>
  );
}

function Loading() {
  return (
    <div role="status" aria-label={words.loading} className="flex flex-col gap-6">
      <div className="grid grid-cols-2 gap-3 sm:grid-cols-3">
        <Skeleton className="h-19 rounded-xl" />
        <Skeleton className="h-19 rounded-xl" />
      </div>
      <Skeleton className="h-80 rounded-xl" />
    </div>
  );
}
