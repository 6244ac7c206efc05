import { Button } from "@mediary/media/ui/button";
import { type FormEvent, useState } from "react";
import type { MediaPolicy } from "@/api/types";
import { Choice } from "@/components/ui/field";
import { PolicyPreview } from "@/features/settings/PolicyPreview";
import { FormProblem } from "@/features/settings/parts";
import { settings as words } from "@/texts/settings";

const { media: say } = words;
const POLICIES: readonly MediaPolicy[] = ["store", "on_view", "stream"];

type FormProps = {
  current: MediaPolicy | null;
  /** The company's policy, where the form is about one account. */
  company?: MediaPolicy;
  accountId?: number;
  disabled?: boolean;
  pending: boolean;
  error: Error | null;
  onSave: (policy: MediaPolicy | null) => void;
};

/** Chooses a media policy: what another would mean is shown before it holds. */
export function PolicyForm({
  current,
  company,
  accountId,
  disabled = false,
  pending,
  error,
  onSave,
}: FormProps) {
  const [chosen, setChosen] = useState<MediaPolicy | "company">(current ?? "company");
  const meant = chosen === "company" ? null : chosen;
  const holds = meant ?? company ?? "store";
  const changed = meant !== current;
  const own = POLICIES.map((value) => ({ value, title: words.policy[value], text: words.policyText[value] }));
  const options =
    company === undefined
      ? own
      : [
          { value: "company" as const, title: words.newAccount.asCompany, text: words.policy[company] },
          ...own,
        ];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (changed && !pending) onSave(meant);
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <Choice
        legend={say.policy}
        name="policy"
        value={chosen}
        disabled={disabled}
        options={options}
        onChange={setChosen}
      />
      {changed && <PolicyPreview policy={holds} {...(accountId === undefined ? {} : { accountId })} />}
      <FormProblem error={error} fields={[]} />
      {!disabled && changed && (
        <div className="flex flex-wrap gap-2">
          <Button type="submit" disabled={pending}>
            {pending ? words.saving : say.apply(words.policy[holds])}
          </Button>
          <Button variant="soft" onClick={() => setChosen(current ?? "company")}>
            {words.discard}
          </Button>
        </div>
      )}
    </form>
  );
}
