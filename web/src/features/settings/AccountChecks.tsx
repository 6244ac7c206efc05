import { useNow } from "@mediary/media/lib/clock";
import { formatAgo } from "@mediary/media/lib/format";
import { Button } from "@mediary/media/ui/button";
import { ServerWords } from "@mediary/media/ui/ServerWords";
import { Spinner } from "@mediary/media/ui/spinner";
import { Reason, Skeleton } from "@mediary/media/ui/states";
import { useQuery } from "@tanstack/react-query";
import { CircleAlert, CircleCheck, CircleDashed } from "lucide-react";
import type { ReactNode } from "react";
import { accountCheckQuery } from "@/api/settings";
import type { Account, AccountCheck, Finding } from "@/api/types";
import { Note, Panel, Section } from "@/features/settings/parts";
import { settings as words } from "@/texts/settings";

const { account: say } = words;

type State = Finding["outcome"];
type Check = {
  title: string;
  state: State;
  text: ReactNode;
  /** Where on this page it is put right. */
  way?: Way | undefined;
};
type Way = { label: string; to: string };

/** What has to be right for messages to come in and files to be fetched, each with its way on. WhatsApp is asked when the page opens. */
export function AccountChecks({ account }: { account: Account }) {
  const now = useNow();
  const query = useQuery({ ...accountCheckQuery(account.id), enabled: account.status !== "disabled" });
  const checks = [...(query.data ? asked(query.data, account, now) : []), ...known(account, now)];
  return (
    <Section title={say.checks}>
      {query.isError && (
        <Note tone="bad" role="alert">
          <Reason error={query.error} />
        </Note>
      )}
      <Panel className="overflow-hidden">
        <ul aria-busy={query.isFetching} className="divide-y divide-line">
          {query.isLoading && <Asking />}
          {checks.map((check) => (
            <CheckRow key={check.title} check={check} />
          ))}
        </ul>
        {account.status !== "disabled" && (
          <div className="border-line border-t px-2 py-1.5">
            <Button variant="plain" disabled={query.isFetching} onClick={() => void query.refetch()}>
              {query.isFetching && <Spinner className="size-4" />}
              {query.isFetching ? words.newAccount.submitting : say.checkAgain}
            </Button>
          </div>
        )}
      </Panel>
    </Section>
  );
}

function Asking() {
  return (
    <li className="flex items-start gap-3 px-4 py-3">
      <Spinner className="mt-0.5 size-4.5 text-muted" />
      <span role="status" className="flex-1">
        <span className="block">{words.newAccount.submitting}</span>
        <Skeleton className="mt-2 h-3 w-3/5" />
      </span>
    </li>
  );
}

const icons = {
  works: { icon: CircleCheck, className: "text-accent", label: say.works },
  fails: { icon: CircleAlert, className: "text-danger", label: say.problem },
  unknown: { icon: CircleDashed, className: "text-muted", label: say.open },
};

function CheckRow({ check }: { check: Check }) {
  const { icon: Icon, className, label } = icons[check.state];
  return (
    <li className="flex items-start gap-3 px-4 py-3">
      <Icon role="img" aria-label={label} className={`mt-0.5 size-4.5 shrink-0 ${className}`} />
      <span className="min-w-0 flex-1">
        <span className="block font-medium">{check.title}</span>
        <span className="mt-0.5 block text-muted">
          <bdi>{check.text}</bdi>
        </span>
        {check.way && (
          <a
            href={`#${check.way.to}`}
            className="mt-1 inline-block font-medium text-accent underline"
            onClick={lead}
          >
            {check.way.label}
          </a>
        )}
      </span>
    </li>
  );
}

/** Straight into the field, and without a mark in the address. */
function lead(event: React.MouseEvent<HTMLAnchorElement>): void {
  event.preventDefault();
  const part = document.getElementById(event.currentTarget.hash.slice(1));
  part?.scrollIntoView({ block: "start" });
  part?.querySelector<HTMLElement>("input")?.focus({ preventScroll: true });
}

const toToken: Way = { label: say.renewHere, to: "token" };
const toWebhook: Way = { label: say.setWebhook, to: "webhook" };

/** What WhatsApp says. */
export function asked(check: AccountCheck, account: Account, now: Date): Check[] {
  const { token, businessAccount, subscription, lastReceivedAt } = check;
  const checks: Check[] = [
    {
      title: say.token,
      state: token.outcome,
      text: detailOf(token) ?? say.tokenWorks,
      way: token.outcome === "fails" ? toToken : undefined,
    },
    lastReceivedAt === null
      ? { title: say.incoming, state: "unknown", text: say.incomingNone, way: toWebhook }
      : { title: say.incoming, state: "works", text: say.incomingLast(formatAgo(lastReceivedAt, now)) },
  ];
  if (account.provider === "meta") {
    const isWrong = businessAccount.outcome === "fails";
    const isUnnamed = (account.wabaId === null && token.outcome === "works") || isWrong;
    const way: Way = { label: say.setWaba, to: "details" };
    checks.splice(1, 0, {
      title: say.subscription,
      state: subscription.outcome,
      text: isUnnamed ? say.wabaNeeded : (detailOf(subscription) ?? say.subscriptionWorks),
      way: isUnnamed && !isWrong ? way : undefined,
    });
    if (businessAccount.outcome !== "unknown") {
      checks.splice(1, 0, {
        title: say.waba,
        state: businessAccount.outcome,
        text: isWrong ? say.wabaWrong : say.wabaWorks,
        way: isWrong ? way : undefined,
      });
    }
  }
  return checks;
}

function detailOf({ detail }: Finding): ReactNode {
  return detail && <ServerWords sentence={detail} />;
}

/** WhatsApp asked to wait once, which is over with the pause. */
function wasSlowedDown({ lastError }: Account): boolean {
  return lastError?.code === "provider_rate_limited";
}

/** What is set here. */
export function known(account: Account, now: Date): Check[] {
  const checks: Check[] = [];
  if (account.provider === "meta") {
    const details = (label: string): Way => ({ label, to: "details" });
    checks.push(
      account.hasAppSecret
        ? { title: say.appSecret, state: "works", text: say.appSecretSet }
        : { title: say.appSecret, state: "unknown", text: say.appSecretOpen, way: details(say.setSecret) },
      account.hasVerifyToken
        ? { title: say.verify, state: "works", text: say.verifySet }
        : { title: say.verify, state: "unknown", text: say.verifyOpen, way: details(say.setVerify) },
    );
  }
  if (account.pausedUntil !== null && Date.parse(account.pausedUntil) > now.getTime()) {
    const text = words.accounts.paused(formatAgo(account.pausedUntil, now));
    checks.push({ title: say.last, state: "fails", text });
  } else if (account.lastError !== null && account.status !== "disabled" && !wasSlowedDown(account)) {
    const { code, message } = account.lastError;
    const text = <ServerWords code={code} sentence={message} />;
    const way = account.status === "needs_token" ? toToken : undefined;
    checks.push({ title: say.last, state: "fails", text, way });
  }
  return checks;
}
