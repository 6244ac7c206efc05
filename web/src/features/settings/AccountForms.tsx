import { Button } from "@mediary/media/ui/button";
import { Spinner } from "@mediary/media/ui/spinner";
import { type FormEvent, useRef } from "react";
import { toast } from "sonner";
import type { Account, AccountChange } from "@/api/types";
import { SecretField, TextField } from "@/components/ui/field";
import { FormProblem, fieldError, focusField, Panel, Section, textOf } from "@/features/settings/parts";
import { useChangeAccount } from "@/features/settings/useChangeAccount";
import { VerifyTokenField } from "@/features/settings/VerifyTokenField";
import { settings as words } from "@/texts/settings";

const { account: say, newAccount } = words;

/** A new token in place of one that ends, or that WhatsApp refuses. */
export function RenewToken({ account }: { account: Account }) {
  const form = useRef<HTMLFormElement>(null);
  const change = useChangeAccount(account.id, {
    onSuccess: () => {
      form.current?.reset();
      toast.success(say.renewed);
    },
    onError: (error) => focusField(form.current, error),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const accessToken = textOf(new FormData(event.currentTarget), "accessToken") ?? "";
    if (!change.isPending) change.mutate({ accessToken });
  };
  return (
    <Section id="token" title={say.renew} lead={say.renewLead}>
      <Panel>
        <form ref={form} onSubmit={submit} noValidate className="flex flex-col gap-4">
          <SecretField
            name="accessToken"
            label={newAccount.accessToken}
            error={fieldError(change.error, "accessToken")}
            required
          />
          <FormProblem error={change.error} fields={["accessToken"]} />
          <Button type="submit" variant="soft" disabled={change.isPending} className="self-start">
            {change.isPending && <Spinner className="size-4" />}
            {change.isPending ? newAccount.submitting : say.renewSubmit}
          </Button>
        </form>
      </Panel>
    </Section>
  );
}

const FIELDS = [
  "name",
  "displayPhoneNumber",
  "wabaId",
  "appSecret",
  "verifyToken",
  "awsBucket",
  "awsTopicArn",
] as const;

/** What the account is called, and its other secrets. */
export function AccountDetails({ account }: { account: Account }) {
  const form = useRef<HTMLFormElement>(null);
  const change = useChangeAccount(account.id, {
    onSuccess: () => {
      clearSecrets(form.current);
      toast.success(words.saved);
    },
    onError: (error) => focusField(form.current, error),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!change.isPending) change.mutate(changesOf(new FormData(event.currentTarget), account));
  };
  const error = (field: string) => fieldError(change.error, field);
  return (
    <Section id="details" title={say.details} lead={say.secretsLead}>
      <Panel>
        <form ref={form} onSubmit={submit} noValidate className="flex flex-col gap-5">
          <div className="grid gap-5 sm:grid-cols-2">
            <TextField
              name="name"
              label={newAccount.name}
              defaultValue={account.name}
              error={error("name")}
              dir="auto"
              required
            />
            <TextField
              name="displayPhoneNumber"
              label={newAccount.displayPhoneNumber}
              defaultValue={account.displayPhoneNumber ?? ""}
              error={error("displayPhoneNumber")}
              inputMode="tel"
              dir="ltr"
            />
            <TextField
              name="wabaId"
              label={newAccount.wabaId}
              defaultValue={account.wabaId ?? ""}
              error={error("wabaId")}
              inputMode="numeric"
              dir="ltr"
            />
            {account.provider === "aws" && (
              <>
                <TextField
                  name="awsBucket"
                  label={newAccount.awsBucket}
                  defaultValue={account.awsBucket ?? ""}
                  error={error("awsBucket")}
                  dir="ltr"
                />
                <TextField
                  name="awsTopicArn"
                  label={newAccount.awsTopicArn}
                  defaultValue={account.awsTopicArn ?? ""}
                  error={error("awsTopicArn")}
                  dir="ltr"
                />
              </>
            )}
          </div>
          {account.provider !== "aws" && (
            <SecretField name="appSecret" label={newAccount.appSecret} error={error("appSecret")} />
          )}
          {account.provider === "meta" && <VerifyTokenField error={error("verifyToken")} />}
          <FormProblem error={change.error} fields={FIELDS} />
          <Button type="submit" variant="soft" disabled={change.isPending} className="self-start">
            {change.isPending && <Spinner className="size-4" />}
            {change.isPending ? words.saving : words.save}
          </Button>
        </form>
      </Panel>
    </Section>
  );
}

/** What differs from what is set. An emptied name is sent, too, so that the server says what it needs. */
function changesOf(form: FormData, account: Account): AccountChange {
  const change: AccountChange = {};
  for (const field of FIELDS) {
    const text = textOf(form, field);
    const before = field === "appSecret" || field === "verifyToken" ? null : account[field];
    if (text !== null && text !== before) change[field] = text;
  }
  if (textOf(form, "name") === null) change.name = "";
  return change;
}

function clearSecrets(form: HTMLFormElement | null): void {
  for (const name of ["appSecret", "verifyToken"]) {
    const input = form?.elements.namedItem(name);
    if (input instanceof HTMLInputElement) input.value = "";
  }
}
