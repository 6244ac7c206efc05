import { plainName } from "@mediary/media/lib/bidi";
import { useNow } from "@mediary/media/lib/clock";
import { formatAgo, formatDate } from "@mediary/media/lib/format";
import { Button } from "@mediary/media/ui/button";
import { EmptyState } from "@mediary/media/ui/states";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { useHasRole } from "@/api/roles";
import { apiKeysQuery, revokeApiKey, settingsKeys } from "@/api/settings";
import type { ApiKey, CreatedApiKey } from "@/api/types";
import { Confirm } from "@/components/ui/confirm";
import { NewKey, ShownOnce } from "@/features/settings/KeyDialogs";
import { Badge, Loaded, Panel } from "@/features/settings/parts";
import { SettingsPage } from "@/features/settings/SettingsPage";
import { settings as words } from "@/texts/settings";

const { apiKeys: say } = words;

export function ApiKeysPage() {
  const query = useQuery({ ...apiKeysQuery, enabled: useHasRole("admin") });
  const [adding, setAdding] = useState(false);
  const [created, setCreated] = useState<CreatedApiKey | null>(null);
  return (
    <SettingsPage
      page="/settings/keys"
      lead={say.lead}
      actions={
        <Button onClick={() => setAdding(true)}>
          <Plus aria-hidden="true" className="size-4" />
          {say.add}
        </Button>
      }
    >
      <Loaded query={query}>{(keys) => <Keys keys={keys} />}</Loaded>
      {adding && (
        <NewKey
          onClose={() => setAdding(false)}
          onCreated={(key) => {
            setAdding(false);
            setCreated(key);
          }}
        />
      )}
      {created && <ShownOnce created={created} onClose={() => setCreated(null)} />}
    </SettingsPage>
  );
}

/** Whether programs can still use a key. */
function works({ revokedAt, expiresAt }: ApiKey, now: Date): boolean {
  return revokedAt === null && (expiresAt === null || Date.parse(expiresAt) > now.getTime());
}

function Keys({ keys }: { keys: readonly ApiKey[] }) {
  const now = useNow();
  const [all, setAll] = useState(false);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const working = keys.filter((key) => works(key, now));
  const over = keys.filter((key) => !works(key, now));
  const shown = all ? [...working, ...over] : working;
  return (
    <>
      {shown.length === 0 ? (
        <EmptyState icon={<KeyRound />} title={say.empty} hint={say.emptyHint} />
      ) : (
        <Panel keepsFocus className="overflow-hidden">
          <ul className="divide-y divide-line">
            {shown.map((key) => (
              <KeyRow key={key.id} apiKey={key} now={now} onRevoke={() => setRevoking(key)} />
            ))}
          </ul>
        </Panel>
      )}
      {over.length > 0 && (
        <Button variant="plain" className="self-start" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? say.hideRevoked : say.showRevoked(over.length)}
        </Button>
      )}
      {revoking && <Revoke apiKey={revoking} onClose={() => setRevoking(null)} />}
    </>
  );
}

function KeyRow({ apiKey, now, onRevoke }: { apiKey: ApiKey; now: Date; onRevoke: () => void }) {
  const { name, prefix, role, lastUsedAt, revokedAt, expiresAt, createdAt } = apiKey;
  const plain = plainName(name);
  const valid = works(apiKey, now);
  const facts = [
    lastUsedAt === null ? say.unused : say.used(formatAgo(lastUsedAt, now)),
    say.made(formatDate(createdAt)),
    ...(valid && expiresAt !== null ? [say.expiresOn(formatDate(expiresAt))] : []),
  ];
  return (
    <li className="flex items-center gap-3 px-4 py-3">
      <span className="min-w-0 flex-1">
        <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <bdi className={valid ? "wrap-anywhere font-medium" : "wrap-anywhere font-medium text-muted"}>
            {plain}
          </bdi>
          <Badge tone="quiet">{words.role[role]}</Badge>
          {revokedAt !== null ? (
            <Badge tone="bad">{say.revoked}</Badge>
          ) : (
            !valid && <Badge tone="warn">{say.expired}</Badge>
          )}
        </span>
        <span className="mt-0.5 block text-muted">
          <bdi dir="ltr" className="font-mono text-[0.8125rem]">{`${prefix}…`}</bdi>
          {" · "}
          {facts.join(" · ")}
        </span>
      </span>
      {valid && (
        <Button
          variant="plain"
          className="text-danger"
          aria-label={say.revokeLabel(plain)}
          onClick={onRevoke}
        >
          {say.revoke}
        </Button>
      )}
    </li>
  );
}

function Revoke({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const client = useQueryClient();
  const name = plainName(apiKey.name);
  const revoke = useMutation({
    mutationFn: () => revokeApiKey(apiKey.id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: settingsKeys.apiKeys });
      toast.success(say.revokedNow(name));
      onClose();
    },
  });
  return (
    <Confirm
      title={say.revokeTitle(name)}
      action={say.revoke}
      pending={revoke.isPending}
      error={revoke.error}
      onConfirm={() => revoke.mutate()}
      onClose={onClose}
    >
      <p>{say.revokeText}</p>
    </Confirm>
  );
}
