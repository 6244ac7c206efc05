import { useQueryClient } from "@tanstack/react-query";
import { meQuery } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { useLogOut } from "@/features/auth/useLogOut";
import { Panel, Section } from "@/features/settings/parts";
import { SettingsPage } from "@/features/settings/SettingsPage";
import { plainName } from "@/lib/bidi";
import { settings as words } from "@/texts/settings";

const { session: say } = words;

export function SessionPage() {
  const { leave, pending, question } = useLogOut();
  const me = useQueryClient().getQueryData(meQuery.queryKey);
  return (
    <SettingsPage page="/settings/session" lead={say.lead}>
      <Panel>
        <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2 [&>dt]:text-muted">
          <dt>{say.name}</dt>
          <dd className="wrap-anywhere font-medium">
            <bdi>{plainName(me?.name ?? "")}</bdi>
          </dd>
          <dt>{say.email}</dt>
          <dd className="wrap-anywhere">
            <bdi>{me?.email}</bdi>
          </dd>
          <dt>{say.role}</dt>
          <dd>
            {me && words.role[me.role]}
            <span className="block text-muted">{me && words.roleText[me.role]}</span>
          </dd>
        </dl>
      </Panel>
      <Section title={say.logout} lead={say.logoutLead}>
        <Panel>
          <Button variant="soft" onClick={leave} disabled={pending}>
            {say.logout}
          </Button>
          {question}
        </Panel>
      </Section>
    </SettingsPage>
  );
}
