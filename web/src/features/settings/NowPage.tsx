import { useNow } from "@mediary/media/lib/clock";
import { formatAgo } from "@mediary/media/lib/format";
import { Skeleton } from "@mediary/media/ui/states";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleAlert, CircleCheck } from "lucide-react";
import type { ReactNode } from "react";
import { useHasRole } from "@/api/roles";
import { activityQuery, readinessQuery } from "@/api/settings";
import type { Activity } from "@/api/types";
import { Loaded, Note, Panel, Section } from "@/features/settings/parts";
import { SettingsPage } from "@/features/settings/SettingsPage";
import { number } from "@/texts";
import { settings as words } from "@/texts/settings";

const { now: say } = words;

/** The server may need more than this inbox knows. */
const parts: Partial<Record<string, string>> = say.part;

export function NowPage() {
  const query = useQuery({ ...activityQuery, enabled: useHasRole("manager") });
  return (
    <SettingsPage page="/settings/now" lead={say.lead}>
      <Loaded query={query} loading={<Loading />}>
        {(activity) => <Figures activity={activity} />}
      </Loaded>
      <Readiness />
    </SettingsPage>
  );
}

function Figures({ activity: { downloads, parkedEvents } }: { activity: Activity }) {
  const now = useNow();
  const { waiting, waitingSince, running, failed, expiringWithinADay } = downloads;
  const isAdmin = useHasRole("admin");
  const idle = waiting + running + failed + expiringWithinADay + parkedEvents === 0;
  return (
    <>
      {idle && <Note tone="good">{say.idle}</Note>}
      {expiringWithinADay > 0 && <Note tone="warn">{say.atRisk(expiringWithinADay)}</Note>}
      <dl className="grid grid-cols-2 gap-3 sm:grid-cols-3">
        <Figure name={say.waiting} value={waiting}>
          {waitingSince && say.waitingSince(formatAgo(waitingSince, now))}
        </Figure>
        <Figure name={say.running} value={running} />
        <Figure name={say.expiring} value={expiringWithinADay} warns />
        <Figure name={say.failed} value={failed} warns>
          {failed > 0 && (
            <Link to="/settings/failures" className="font-medium text-accent hover:underline">
              {say.showFailed}
            </Link>
          )}
        </Figure>
        <Figure name={say.parked} value={parkedEvents} warns>
          {parkedEvents > 0 && isAdmin && (
            <Link to="/settings/webhooks" className="font-medium text-accent hover:underline">
              {say.showParked}
            </Link>
          )}
        </Figure>
      </dl>
    </>
  );
}

type FigureProps = { name: string; value: number; warns?: boolean; children?: ReactNode };

function Figure({ name, value, warns = false, children }: FigureProps) {
  return (
    <div className="flex min-h-24 flex-col rounded-xl border border-line bg-surface px-4 py-3">
      <dt className="order-1 text-muted">{name}</dt>
      <dd className={`font-semibold text-xl tabular-nums ${warns && value > 0 ? "text-danger" : ""}`}>
        {number(value)}
      </dd>
      <dd className="order-2 mt-0.5 text-muted text-xs">{children}</dd>
    </div>
  );
}

/** What the program needs, as far as it says so here. */
function Readiness() {
  const { data } = useQuery(readinessQuery);
  if (!data) return null;
  return (
    <Section title={say.parts}>
      <Panel className="overflow-hidden">
        <ul className="divide-y divide-line">
          {data.checks.map(({ name, ok }) => {
            const Icon = ok ? CircleCheck : CircleAlert;
            return (
              <li key={name} className="flex items-center gap-3 px-4 py-2.5">
                <Icon
                  aria-hidden="true"
                  className={`size-4.5 shrink-0 ${ok ? "text-accent" : "text-danger"}`}
                />
                <span className="me-auto">{parts[name] ?? name}</span>
                <span className={ok ? "text-muted" : "text-danger"}>{ok ? say.answers : say.silent}</span>
              </li>
            );
          })}
        </ul>
      </Panel>
    </Section>
  );
}

function Loading() {
  return (
    <div role="status" aria-label={words.loading} className="grid grid-cols-2 gap-3 sm:grid-cols-3">
      {["waiting", "running", "expiring", "failed", "parked"].map((name) => (
        <Skeleton key={name} className="h-24 rounded-xl" />
      ))}
    </div>
  );
}
