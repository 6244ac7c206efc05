import { useQuery } from "@tanstack/react-query";
import { toast } from "sonner";
import { mediaSettingsQuery } from "@/api/settings";
import type { Account } from "@/api/types";
import { EraseKept } from "@/features/settings/EraseKept";
import { PolicyForm } from "@/features/settings/PolicyForm";
import { Loaded, Panel, Section } from "@/features/settings/parts";
import { RetentionForm } from "@/features/settings/RetentionForm";
import { useChangeAccount } from "@/features/settings/useChangeAccount";
import { settings as words } from "@/texts/settings";

/** What becomes of the files of one account: as the company, or otherwise. */
export function AccountPolicy({ account }: { account: Account }) {
  const company = useQuery(mediaSettingsQuery);
  const policy = useChangeAccount(account.id, { onSuccess: () => toast.success(words.saved) });
  const retention = useChangeAccount(account.id, { onSuccess: () => toast.success(words.saved) });
  return (
    <Section title={words.nav.media}>
      <Loaded query={company}>
        {(settings) => (
          <Panel keepsFocus className="flex flex-col gap-6 p-4 md:p-5">
            <PolicyForm
              key={account.mediaPolicy}
              current={account.mediaPolicy}
              company={settings.policy}
              accountId={account.id}
              pending={policy.isPending}
              error={policy.error}
              onSave={(mediaPolicy) => policy.mutate({ mediaPolicy })}
            />
            {account.effectiveMediaPolicy === "stream" && <EraseKept accountId={account.id} />}
            <RetentionForm
              key={JSON.stringify(account.retention)}
              current={account.retention}
              company={settings.retention}
              accountId={account.id}
              pending={retention.isPending}
              error={retention.error}
              onSave={(value, done) => retention.mutate({ retention: value }, { onSuccess: done })}
            />
          </Panel>
        )}
      </Loaded>
    </Section>
  );
}
