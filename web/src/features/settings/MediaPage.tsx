import { formatBytes } from "@mediary/media/lib/format";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { useHasRole } from "@/api/roles";
import { accountsQuery, changeMediaSettings, mediaSettingsQuery, settingsKeys } from "@/api/settings";
import type { FileType, MediaSettings, MediaSettingsChange } from "@/api/types";
import { CheckField } from "@/components/ui/field";
import { EraseKept } from "@/features/settings/EraseKept";
import { PolicyForm } from "@/features/settings/PolicyForm";
import { FormProblem, Loaded, Note, Panel, Section, TablePanel } from "@/features/settings/parts";
import { RetentionForm } from "@/features/settings/RetentionForm";
import { SettingsPage } from "@/features/settings/SettingsPage";
import { settings as words } from "@/texts/settings";

const { media: say } = words;

export function MediaPage() {
  const query = useQuery(mediaSettingsQuery);
  return (
    <SettingsPage page="/settings/media" lead={say.lead}>
      <Loaded query={query}>{(settings) => <Forms settings={settings} />}</Loaded>
    </SettingsPage>
  );
}

function Forms({ settings }: { settings: MediaSettings }) {
  const mayChange = useHasRole("manager");
  const policy = useChange((changed) => toast.success(say.applied(words.policy[changed.policy])));
  const retention = useChange(() => toast.success(words.saved));
  const views = useChange(() => toast.success(words.saved));
  return (
    <>
      {!mayChange && <Note tone="quiet">{say.readOnly}</Note>}
      <Panel keepsFocus className="flex flex-col gap-4 p-4 md:p-5">
        <PolicyForm
          key={settings.policy}
          current={settings.policy}
          disabled={!mayChange}
          pending={policy.isPending}
          error={policy.error}
          onSave={(value) => value && policy.mutate({ policy: value })}
        />
        {mayChange && settings.policy === "stream" && <EraseKept />}
        <OwnPolicies />
      </Panel>
      <Panel keepsFocus className="flex flex-col gap-4 p-4 md:p-5">
        <RetentionForm
          key={JSON.stringify(settings.retention)}
          current={settings.retention}
          disabled={!mayChange}
          pending={retention.isPending}
          error={retention.error}
          onSave={(value, done) => value && retention.mutate({ retention: value }, { onSuccess: done })}
        />
      </Panel>
      <Panel>
        <CheckField
          label={say.auditViews}
          hint={say.auditViewsHint}
          checked={views.isPending ? views.variables.auditViews === true : settings.auditViews}
          disabled={!mayChange}
          onChange={(event) => views.mutate({ auditViews: event.target.checked })}
        />
        <FormProblem error={views.error} fields={[]} />
      </Panel>
      <LimitsTable settings={settings} />
    </>
  );
}

function useChange(onSuccess: (settings: MediaSettings) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: MediaSettingsChange) => changeMediaSettings(change),
    onSuccess: (settings) => {
      client.setQueryData(settingsKeys.media, settings);
      onSuccess(settings);
    },
  });
}

/** Accounts that do not follow what is chosen here; only an admin sees accounts. */
function OwnPolicies() {
  const { data } = useQuery({ ...accountsQuery, enabled: useHasRole("admin") });
  const own =
    data?.filter(({ mediaPolicy, status }) => mediaPolicy !== null && status !== "disabled").length ?? 0;
  return own === 0 ? null : <p className="text-muted">{say.own(own)}</p>;
}

const TYPES: readonly FileType[] = ["image", "video", "audio", "document", "sticker"];

function LimitsTable({ settings: { limits } }: { settings: MediaSettings }) {
  return (
    <Section title={say.limits} lead={say.limitsLead}>
      <TablePanel label={say.limits}>
        <table className="w-full text-start">
          <thead>
            <tr className="border-line border-b text-muted text-xs [&>th]:px-4 [&>th]:py-2 [&>th]:font-medium">
              <th scope="col" className="text-start">
                {say.type}
              </th>
              <th scope="col" className="text-end">
                {say.inbound}
              </th>
              <th scope="col" className="text-end">
                {say.outbound}
              </th>
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {TYPES.map((type) => (
              <tr key={type} className="[&>*]:px-4 [&>*]:py-2">
                <th scope="row" className="text-start font-normal">
                  {words.type[type]}
                </th>
                <td className="text-end tabular-nums">
                  <bdi>{formatBytes(limits.inbound[type])}</bdi>
                </td>
                <td className="text-end tabular-nums">
                  <bdi>{formatBytes(limits.outbound[type])}</bdi>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TablePanel>
    </Section>
  );
}
