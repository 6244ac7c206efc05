import { plainName } from "@mediary/media/lib/bidi";
import { linkButton } from "@mediary/media/ui/button";
import { ServerWords } from "@mediary/media/ui/ServerWords";
import { EmptyState } from "@mediary/media/ui/states";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronRight, Phone, Plus } from "lucide-react";
import { useHasRole } from "@/api/roles";
import { accountsQuery } from "@/api/settings";
import type { Account } from "@/api/types";
import { Badge, Loaded, Panel, type Tone } from "@/features/settings/parts";
import { SettingsPage } from "@/features/settings/SettingsPage";
import { settings as words } from "@/texts/settings";

export const accountTones: Record<Account["status"], Tone> = {
  active: "good",
  needs_token: "bad",
  disabled: "quiet",
};

export function AccountsPage() {
  const query = useQuery({ ...accountsQuery, enabled: useHasRole("admin") });
  const add = (
    <Link to="/settings/accounts/new" className={linkButton}>
      <Plus aria-hidden="true" className="size-4" />
      {words.accounts.add}
    </Link>
  );
  return (
    <SettingsPage
      page="/settings/accounts"
      lead={words.accounts.lead}
      actions={query.data?.length ? add : null}
    >
      <Loaded query={query}>
        {(accounts) =>
          accounts.length === 0 ? (
            <EmptyState icon={<Phone />} title={words.accounts.empty} hint={words.accounts.emptyHint}>
              <span className="mt-3">{add}</span>
            </EmptyState>
          ) : (
            <Panel className="overflow-hidden">
              <ul className="divide-y divide-line">
                {accounts.map((account) => (
                  <AccountRow key={account.id} account={account} />
                ))}
              </ul>
            </Panel>
          )
        }
      </Loaded>
    </SettingsPage>
  );
}

function AccountRow({ account }: { account: Account }) {
  const { id, name, displayPhoneNumber, phoneNumberId, status, lastError } = account;
  const policy = words.policy[account.effectiveMediaPolicy];
  return (
    <li>
      <Link
        to="/settings/accounts/$accountId"
        params={{ accountId: id }}
        className="flex items-center gap-3 px-4 py-3 -outline-offset-2 hover:bg-hover"
      >
        <span className="min-w-0 flex-1">
          <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
            <bdi className="wrap-anywhere font-medium">{plainName(name)}</bdi>
            <Badge tone={accountTones[status]}>{words.accounts.status[status]}</Badge>
          </span>
          <span className="mt-0.5 block text-muted">
            <bdi dir="ltr" className="tabular-nums">
              {displayPhoneNumber ?? phoneNumberId}
            </bdi>
            {" · "}
            {account.mediaPolicy === null
              ? words.accounts.policyFrom(policy)
              : words.accounts.policyOf(policy)}
          </span>
          {status === "needs_token" && lastError && (
            <span className="mt-0.5 block text-danger">
              <ServerWords code={lastError.code} sentence={lastError.message} />
            </span>
          )}
        </span>
        <ChevronRight aria-hidden="true" className="size-4.5 shrink-0 text-muted rtl:rotate-180" />
      </Link>
    </li>
  );
}
