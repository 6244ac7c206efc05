import { Button } from "@mediary/media/ui/button";
import { type FormEvent, useState } from "react";
import type { Retention, RetentionMode } from "@/api/types";
import { Confirm } from "@/components/ui/confirm";
import { Choice, TextField } from "@/components/ui/field";
import { FormProblem, fieldError, Note } from "@/features/settings/parts";
import { RetentionPreview } from "@/features/settings/RetentionPreview";
import {
  deletes,
  draftOf,
  isSameRetention,
  type RetentionDraft,
  retentionOf,
} from "@/features/settings/retention";
import { settings as words } from "@/texts/settings";

const { media: say } = words;
const MODES: readonly RetentionMode[] = [
  "forever",
  "days_after_stored",
  "days_after_viewed",
  "archive_after",
];

type FormProps = {
  current: Retention | null;
  /** What holds where an account has none of its own; only for accounts. */
  company?: Retention | undefined;
  accountId?: number;
  disabled?: boolean;
  pending: boolean;
  error: Error | null;
  onSave: (retention: Retention | null, done: () => void) => void;
};

/** For how long files are kept. What would delete files is asked for once more. */
export function RetentionForm(props: FormProps) {
  const { current, company, accountId, disabled = false, pending, error, onSave } = props;
  const [draft, setDraft] = useState<RetentionDraft>(() => draftOf(current));
  const [wrong, setWrong] = useState(false);
  const [asking, setAsking] = useState(false);
  const meant = retentionOf(draft);
  const holds = meant === null ? (company ?? null) : (meant ?? null);
  const changed = meant === undefined || !isSameRetention(meant, current);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setWrong(meant === undefined);
    if (meant === undefined || !changed || pending) return;
    if (deletes(holds)) setAsking(true);
    else onSave(meant, () => {});
  };
  const own = MODES.map((value) => ({ value, title: say.mode[value], text: say.modeText[value] }));
  const options =
    company === undefined
      ? own
      : [{ value: "company" as const, title: words.account.retentionAs, text: sentenceOf(company) }, ...own];
  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-4">
      <Choice
        legend={say.retention}
        name="retention"
        value={draft.mode}
        disabled={disabled}
        options={options}
        onChange={(mode) => setDraft({ ...draft, mode })}
      />
      {draft.mode !== "forever" && draft.mode !== "company" && (
        <TextField
          name="days"
          label={say.days}
          hint={say.daysHint}
          error={wrong && meant === undefined ? say.daysNeeded : fieldError(error, "retention.days")}
          inputMode="numeric"
          value={draft.days}
          disabled={disabled}
          onChange={(event) => setDraft({ ...draft, days: event.target.value.trim() })}
          className="max-w-40"
        />
      )}
      {changed && meant !== undefined && holds !== null && holds.mode !== "forever" && (
        <RetentionPreview retention={holds} {...(accountId === undefined ? {} : { accountId })} />
      )}
      {changed && meant !== undefined && deletes(holds) && <Note tone="warn">{say.retentionWarns}</Note>}
      {!asking && <FormProblem error={error} fields={["retention.days"]} />}
      {!disabled && changed && (
        <div className="flex flex-wrap gap-2">
          <Button type="submit" disabled={pending}>
            {pending ? words.saving : words.save}
          </Button>
          <Button variant="soft" onClick={() => setDraft(draftOf(current))}>
            {words.discard}
          </Button>
        </div>
      )}
      {asking && meant !== undefined && (
        <Confirm
          title={say.retentionConfirm}
          action={say.retentionAction}
          pending={pending}
          error={error}
          onConfirm={() => onSave(meant, () => setAsking(false))}
          onClose={() => setAsking(false)}
        >
          <p>{sentenceOf(holds)}</p>
          <p>{say.retentionWarns}</p>
        </Confirm>
      )}
    </form>
  );
}

/** A retention in a few words. */
export function sentenceOf(retention: Retention | null): string {
  if (retention === null || retention.mode === "forever") return say.mode.forever;
  return say.after[retention.mode](retention.days ?? 0);
}
