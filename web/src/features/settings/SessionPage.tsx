import { plainName } from "@mediary/media/lib/bidi";
import { useNow } from "@mediary/media/lib/clock";
import { formatAgo, formatMoment } from "@mediary/media/lib/format";
import { Button } from "@mediary/media/ui/button";
import { Reason } from "@mediary/media/ui/states";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { meQuery } from "@/api/queries";
import { endOwnSession, sessionsQuery, settingsKeys } from "@/api/settings";
import type { Session } from "@/api/types";
import { CheckField } from "@/components/ui/field";
import { LanguageSelect } from "@/components/ui/language";
import { useLogOut } from "@/features/auth/useLogOut";
import { Badge, Loaded, Panel, RowsLoading, Section } from "@/features/settings/parts";
import { SettingsPage } from "@/features/settings/SettingsPage";
import { chooseSound, ring, wantsSound } from "@/lib/sound";
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
      <Section title={say.language} lead={say.languageLead}>
        <Panel>
          <LanguageSelect />
        </Panel>
      </Section>
      <Section title={say.arrivals} lead={say.arrivalsLead}>
        <Panel>
          <CheckField
            label={say.sound}
            hint={say.soundHint}
            defaultChecked={wantsSound()}
            onChange={({ target }) => {
              chooseSound(target.checked);
              if (target.checked) ring();
            }}
          />
        </Panel>
      </Section>
      <Sessions />
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

function Sessions() {
  const query = useQuery(sessionsQuery);
  return (
    <Section title={say.sessions} lead={say.sessionsLead}>
      <Loaded query={query} loading={<RowsLoading rows={1} />}>
        {(sessions) => (
          <Panel keepsFocus className="overflow-hidden">
            <ul className="divide-y divide-line">
              {sessions.map((session) => (
                <SessionRow key={session.id} session={session} />
              ))}
            </ul>
          </Panel>
        )}
      </Loaded>
    </Section>
  );
}

function SessionRow({ session }: { session: Session }) {
  const now = useNow();
  const client = useQueryClient();
  const end = useMutation({
    mutationFn: () => endOwnSession(session.id),
    onSuccess: () => {
      toast.success(say.ended);
      return client.invalidateQueries({ queryKey: settingsKeys.sessions });
    },
    onError: (error) => toast.error(<Reason error={error} />),
  });
  const used = formatAgo(session.lastUsedAt, now);
  return (
    <li className="flex min-h-15 items-center gap-3 px-4 py-2.5">
      <span className="min-w-0 flex-1">
        <span className="flex flex-wrap items-center gap-x-2 gap-y-1 font-medium">
          {say.used(used)}
          {session.isCurrent && <Badge tone="good">{say.current}</Badge>}
        </span>
        <span className="block text-muted">{say.since(formatMoment(session.createdAt))}</span>
      </span>
      {!session.isCurrent && (
        <Button
          variant="plain"
          className="text-danger"
          aria-label={say.endLabel(used)}
          disabled={end.isPending}
          onClick={() => end.mutate()}
        >
          {say.end}
        </Button>
      )}
    </li>
  );
}
