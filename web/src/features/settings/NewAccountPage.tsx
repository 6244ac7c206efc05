import { Button } from "@mediary/media/ui/button";
import { Spinner } from "@mediary/media/ui/spinner";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { type FormEvent, useRef, useState } from "react";
import { toast } from "sonner";
import { addAccount, settingsKeys } from "@/api/settings";
import type { MediaPolicy, NewAccount, Provider } from "@/api/types";
import { SecretField, SelectField, TextField } from "@/components/ui/field";
import { FormProblem, fieldError, focusField, Panel, textOf } from "@/features/settings/parts";
import { SettingsPage } from "@/features/settings/SettingsPage";
import { VerifyTokenField } from "@/features/settings/VerifyTokenField";
import { settings as words } from "@/texts/settings";

const { newAccount } = words;
const PROVIDERS: readonly Provider[] = ["meta", "dialog360", "aws"];
const POLICIES: readonly MediaPolicy[] = ["store", "on_view", "stream"];
const FIELDS = [
  "name",
  "phoneNumberId",
  "displayPhoneNumber",
  "wabaId",
  "accessToken",
  "appSecret",
  "verifyToken",
  "awsPhoneNumberId",
  "awsRegion",
  "awsBucket",
  "awsTopicArn",
  "mediaPolicy",
];

export function NewAccountPage() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const form = useRef<HTMLFormElement>(null);
  const [provider, setProvider] = useState<Provider>("meta");
  const add = useMutation({
    mutationFn: addAccount,
    onSuccess: async (account) => {
      client.setQueryData(settingsKeys.account(account.id), account);
      toast.success(newAccount.added(account.name));
      await navigate({
        to: "/settings/accounts/$accountId",
        params: { accountId: account.id },
        replace: true,
      });
    },
    onError: (error) => focusField(form.current, error),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!add.isPending) add.mutate(accountOf(new FormData(event.currentTarget), provider));
  };
  const error = (field: string) => fieldError(add.error, field);
  return (
    <SettingsPage
      page="/settings/accounts"
      title={newAccount.title}
      lead={newAccount.lead}
      up={{ to: "/settings/accounts", label: words.nav.accounts }}
    >
      <form ref={form} onSubmit={submit} noValidate className="flex flex-col gap-5">
        <Panel className="grid gap-5 p-4 sm:grid-cols-2 md:p-5">
          <SelectField
            label={newAccount.provider}
            value={provider}
            onChange={(event) => setProvider(event.target.value as Provider)}
            className="sm:col-span-2"
          >
            {PROVIDERS.map((value) => (
              <option key={value} value={value}>
                {words.accounts.provider[value]}
              </option>
            ))}
          </SelectField>
          <TextField
            name="name"
            label={newAccount.name}
            hint={newAccount.nameHint}
            error={error("name")}
            maxLength={200}
            dir="auto"
            required
          />
          <TextField
            name="displayPhoneNumber"
            label={newAccount.displayPhoneNumber}
            hint={newAccount.displayPhoneNumberHint}
            error={error("displayPhoneNumber")}
            inputMode="tel"
            dir="ltr"
          />
          <TextField
            name="phoneNumberId"
            label={newAccount.phoneNumberId}
            hint={newAccount.phoneNumberIdHint}
            error={error("phoneNumberId")}
            inputMode="numeric"
            dir="ltr"
            required
          />
          <TextField
            name="wabaId"
            label={newAccount.wabaId}
            hint={newAccount.wabaIdHint}
            error={error("wabaId")}
            inputMode="numeric"
            dir="ltr"
          />
          {provider === "aws" && <AwsFields error={error} />}
        </Panel>
        <Panel className="flex flex-col gap-5 p-4 md:p-5">
          <SecretField
            name="accessToken"
            label={tokenLabels[provider].label}
            hint={tokenLabels[provider].hint}
            error={error("accessToken")}
            required
          />
          {provider !== "aws" && (
            <SecretField
              name="appSecret"
              label={newAccount.appSecret}
              hint={provider === "meta" ? newAccount.appSecretHint : newAccount.appSecret360Hint}
              error={error("appSecret")}
            />
          )}
          {provider === "meta" && <VerifyTokenField error={error("verifyToken")} />}
        </Panel>
        <Panel>
          <SelectField
            name="mediaPolicy"
            label={newAccount.mediaPolicy}
            error={error("mediaPolicy")}
            defaultValue=""
          >
            <option value="">{newAccount.asCompany}</option>
            {POLICIES.map((value) => (
              <option key={value} value={value}>
                {`${words.policy[value]}: ${words.policyText[value]}`}
              </option>
            ))}
          </SelectField>
        </Panel>
        <FormProblem error={add.error} fields={FIELDS} />
        <Button type="submit" disabled={add.isPending} className="self-start">
          {add.isPending && <Spinner className="size-4" />}
          {add.isPending ? newAccount.submitting : newAccount.submit}
        </Button>
      </form>
    </SettingsPage>
  );
}

const tokenLabels: Record<Provider, { label: string; hint?: string }> = {
  meta: { label: newAccount.accessToken, hint: newAccount.accessTokenHint },
  aws: { label: newAccount.accessTokenAws, hint: newAccount.accessTokenAwsHint },
  dialog360: { label: newAccount.accessToken360 },
};

function AwsFields({ error }: { error: (field: string) => ReactNode }) {
  return (
    <>
      <TextField
        name="awsPhoneNumberId"
        label={newAccount.awsPhoneNumberId}
        placeholder="phone-number-id-…"
        error={error("awsPhoneNumberId")}
        dir="ltr"
        required
      />
      <TextField
        name="awsRegion"
        label={newAccount.awsRegion}
        placeholder="eu-central-1"
        error={error("awsRegion")}
        dir="ltr"
        required
      />
      <TextField
        name="awsBucket"
        label={newAccount.awsBucket}
        hint={newAccount.awsBucketHint}
        error={error("awsBucket")}
        dir="ltr"
        required
      />
      <TextField
        name="awsTopicArn"
        label={newAccount.awsTopicArn}
        hint={newAccount.awsTopicArnHint}
        placeholder="arn:aws:sns:…"
        error={error("awsTopicArn")}
        dir="ltr"
        required
      />
    </>
  );
}

/** What was filled in; what was left empty is not sent, but for what has to be there, so that the server names it. */
function accountOf(form: FormData, provider: Provider): NewAccount {
  const account: Record<string, string> = {
    provider,
    name: textOf(form, "name") ?? "",
    phoneNumberId: textOf(form, "phoneNumberId") ?? "",
    accessToken: textOf(form, "accessToken") ?? "",
  };
  for (const field of FIELDS) {
    const text = textOf(form, field);
    if (text !== null) account[field] = text;
  }
  return account as unknown as NewAccount;
}
