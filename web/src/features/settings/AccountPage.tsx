import { plainName } from "@mediary/media/lib/bidi";
import { ApiError } from "@mediary/media/server/client";
import { EmptyState } from "@mediary/media/ui/states";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Phone } from "lucide-react";
import { useHasRole } from "@/api/roles";
import { accountQuery } from "@/api/settings";
import type { Account } from "@/api/types";
import { CopyField } from "@/components/ui/copy";
import { AccountChecks } from "@/features/settings/AccountChecks";
import { AccountDetails, RenewToken } from "@/features/settings/AccountForms";
import { AccountPolicy } from "@/features/settings/AccountPolicy";
import { AccountPower } from "@/features/settings/AccountPower";
import { accountTones } from "@/features/settings/AccountsPage";
import { Badge, Loaded, Panel, Section } from "@/features/settings/parts";
import { SettingsPage } from "@/features/settings/SettingsPage";
import { settings as words } from "@/texts/settings";

const WEBHOOK_PATHS: Record<Account["provider"], string> = {
  meta: "/api/webhooks/whatsapp",
  dialog360: "/api/webhooks/360dialog",
  aws: "/api/webhooks/aws",
};

export function AccountPage() {
  const { accountId } = useParams({ from: "/inbox/settings/accounts/$accountId" });
  return <Opened key={accountId} id={accountId} />;
}

function Opened({ id }: { id: number }) {
  const query = useQuery({ ...accountQuery(id), enabled: useHasRole("admin") });
  const missing = query.error instanceof ApiError && query.error.status === 404;
  const account = query.data;
  return (
    <SettingsPage
      page="/settings/accounts"
      title={account ? plainName(account.name) : words.nav.accounts}
      up={{ to: "/settings/accounts", label: words.nav.accounts }}
      actions={
        account && <Badge tone={accountTones[account.status]}>{words.accounts.status[account.status]}</Badge>
      }
    >
      {missing ? (
        <EmptyState icon={<Phone />} title={words.accounts.missing} />
      ) : (
        <Loaded query={query}>{(loaded) => <Parts account={loaded} />}</Loaded>
      )}
    </SettingsPage>
  );
}

function Parts({ account }: { account: Account }) {
  return (
    <>
      <p className="text-muted">
        {account.displayPhoneNumber && (
          <>
            <bdi dir="ltr" className="tabular-nums">
              {account.displayPhoneNumber}
            </bdi>
            {" · "}
          </>
        )}
        {words.accounts.provider[account.provider]}
        {" · "}
        <bdi dir="ltr">{account.phoneNumberId}</bdi>
      </p>
      <AccountChecks account={account} />
      <Section id="webhook" title={words.account.webhook} lead={words.account.webhookLead}>
        <Panel>
          <CopyField
            label={words.account.webhookAddress}
            value={`${location.origin}${WEBHOOK_PATHS[account.provider]}`}
          />
        </Panel>
      </Section>
      <RenewToken account={account} />
      <AccountPolicy account={account} />
      <AccountDetails account={account} />
      <AccountPower account={account} />
    </>
  );
}
