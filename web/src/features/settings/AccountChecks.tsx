import { CircleAlert, CircleCheck, CircleDashed } from "lucide-react";
import type { Account } from "@/api/types";
import { Panel, Section } from "@/features/settings/parts";
import { useNow } from "@/lib/clock";
import { formatAgo } from "@/lib/format";
import { asSentence, withDates } from "@/lib/sentence";
import { settings as words } from "@/texts/settings";

const { account: say } = words;

type Check = {
  title: string;
  state: "works" | "problem" | "open";
  text: string;
  /** Where on this page it is mended. */
  way?: { label: string; to: string };
};

/** What has to be right for messages to come in and files to be fetched, each with its way on. */
export function AccountChecks({ account }: { account: Account }) {
  const now = useNow();
  return (
    <Section title={say.checks}>
      <Panel className="overflow-hidden">
        <ul className="divide-y divide-line">
          {checksOf(account, now).map((check) => (
            <CheckRow key={check.title} check={check} />
          ))}
        </ul>
      </Panel>
    </Section>
  );
}

const icons = {
  works: { icon: CircleCheck, className: "text-accent", label: say.works },
  problem: { icon: CircleAlert, className: "text-danger", label: say.problem },
  open: { icon: CircleDashed, className: "text-muted", label: say.open },
};

function CheckRow({ check }: { check: Check }) {
  const { icon: Icon, className, label } = icons[check.state];
  return (
    <li className="flex items-start gap-3 px-4 py-3">
      <Icon role="img" aria-label={label} className={`mt-0.5 size-4.5 shrink-0 ${className}`} />
      <span className="min-w-0 flex-1">
        <span className="block font-medium">{check.title}</span>
        <span className="mt-0.5 block text-muted">{check.text}</span>
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

function checksOf(account: Account, now: Date): Check[] {
  const checks: Check[] = [tokenCheck(account)];
  if (account.provider === "meta") {
    checks.push(
      account.hasAppSecret
        ? { title: say.appSecret, state: "works", text: say.appSecretSet }
        : {
            title: say.appSecret,
            state: "open",
            text: say.appSecretOpen,
            way: { label: say.setSecret, to: "details" },
          },
      account.hasVerifyToken
        ? { title: say.verify, state: "works", text: say.verifySet }
        : {
            title: say.verify,
            state: "open",
            text: say.verifyOpen,
            way: { label: say.setVerify, to: "details" },
          },
    );
  }
  if (account.pausedUntil !== null && Date.parse(account.pausedUntil) > now.getTime()) {
    const text = words.accounts.paused(formatAgo(account.pausedUntil, now));
    checks.push({ title: say.last, state: "problem", text });
  } else if (account.lastError !== null && account.status !== "needs_token") {
    const text = asSentence(withDates(account.lastError.message));
    checks.push({ title: say.last, state: "problem", text });
  }
  return checks;
}

function tokenCheck({ status, hasAccessToken, lastError }: Account): Check {
  const way = { label: say.renewHere, to: "token" };
  if (status === "needs_token" || !hasAccessToken) {
    const text = lastError
      ? `${asSentence(withDates(lastError.message))} ${say.tokenRefused}`
      : say.tokenRefused;
    return { title: say.token, state: "problem", text, way };
  }
  return { title: say.token, state: "works", text: say.tokenWorks };
}
