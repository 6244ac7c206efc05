import { plainName } from "@mediary/media/lib/bidi";
import { Button } from "@mediary/media/ui/button";
import { Reason } from "@mediary/media/ui/states";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { disableAccount, settingsKeys } from "@/api/settings";
import type { Account } from "@/api/types";
import { Confirm } from "@/components/ui/confirm";
import { Note, Panel, Section } from "@/features/settings/parts";
import { useChangeAccount } from "@/features/settings/useChangeAccount";
import { settings as words } from "@/texts/settings";

const { account: say } = words;

/** Turns an account off, or on again. Nothing of it is deleted by that. */
export function AccountPower({ account }: { account: Account }) {
  return account.status === "disabled" ? <TurnOn account={account} /> : <TurnOff account={account} />;
}

function TurnOn({ account }: { account: Account }) {
  const change = useChangeAccount(account.id, { onSuccess: ({ name }) => toast.success(say.turnedOn(name)) });
  return (
    <Section title={say.on} lead={say.onLead}>
      <Panel className="flex flex-col items-start gap-3 p-4">
        {change.isError && (
          <Note tone="bad" role="alert">
            <Reason error={change.error} />
          </Note>
        )}
        <Button disabled={change.isPending} onClick={() => change.mutate({ status: "active" })}>
          {say.onAction}
        </Button>
      </Panel>
    </Section>
  );
}

function TurnOff({ account }: { account: Account }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const name = plainName(account.name);
  const turnOff = useMutation({
    mutationFn: () => disableAccount(account.id),
    onSuccess: () => {
      setAsking(false);
      toast.success(say.turnedOff(name));
      return client.invalidateQueries({ queryKey: settingsKeys.accounts });
    },
  });
  return (
    <Section title={say.off} lead={say.offLead}>
      <Panel className="p-4">
        <Button variant="soft" className="text-danger" onClick={() => setAsking(true)}>
          {say.offAction}
        </Button>
      </Panel>
      {asking && (
        <Confirm
          title={say.offTitle(name)}
          action={say.offAction}
          pending={turnOff.isPending}
          error={turnOff.error}
          onConfirm={() => turnOff.mutate()}
          onClose={() => setAsking(false)}
        >
          <p>{say.offText}</p>
        </Confirm>
      )}
    </Section>
  );
}
