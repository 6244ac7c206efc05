import { plainName } from "@mediary/media/lib/bidi";
import { Button } from "@mediary/media/ui/button";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useRef } from "react";
import { ROLES } from "@/api/roles";
import { addApiKey, settingsKeys } from "@/api/settings";
import type { CreatedApiKey, Role } from "@/api/types";
import { CopyField } from "@/components/ui/copy";
import { Dialog } from "@/components/ui/dialog";
import { SelectField, TextField } from "@/components/ui/field";
import { FormProblem, fieldError, focusField, Note } from "@/features/settings/parts";
import { settings as words } from "@/texts/settings";

const { apiKeys: say } = words;

type NewKeyProps = { onClose: () => void; onCreated: (key: CreatedApiKey) => void };

export function NewKey({ onClose, onCreated }: NewKeyProps) {
  const client = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const add = useMutation({
    mutationFn: addApiKey,
    onSuccess: (key) => {
      void client.invalidateQueries({ queryKey: settingsKeys.apiKeys });
      onCreated(key);
    },
    onError: (error) => focusField(form.current, error),
    // The key is shown once; nothing keeps it longer.
    gcTime: 0,
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const until = String(data.get("expiresAt") ?? "");
    const key = {
      name: String(data.get("name") ?? "").trim(),
      role: String(data.get("role")) as Role,
      expiresAt: until === "" ? null : endOfDay(until),
    };
    if (!add.isPending) add.mutate(key);
  };
  const error = (field: string) => fieldError(add.error, field);
  return (
    <Dialog title={say.add} onClose={onClose}>
      <form ref={form} onSubmit={submit} noValidate className="flex flex-col gap-4">
        <TextField
          name="name"
          label={say.name}
          hint={say.nameHint}
          error={error("name")}
          dir="auto"
          required
        />
        <SelectField name="role" label={say.role} error={error("role")} defaultValue="agent">
          {ROLES.map((role) => (
            <option key={role} value={role}>
              {`${words.role[role]}: ${words.roleText[role]}`}
            </option>
          ))}
        </SelectField>
        <TextField
          name="expiresAt"
          type="date"
          label={say.expires}
          hint={say.expiresHint}
          error={error("expiresAt")}
          className="max-w-52"
        />
        <FormProblem error={add.error} fields={["name", "role", "expiresAt"]} />
        <div className="flex justify-end gap-2">
          <Button variant="soft" onClick={onClose}>
            {words.cancel}
          </Button>
          <Button type="submit" disabled={add.isPending}>
            {add.isPending ? words.saving : say.add}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** The last moment of a day, here. */
function endOfDay(date: string): string {
  return new Date(`${date}T23:59:59`).toISOString();
}

/** The key itself, this once. It closes by its button alone: what is lost here is lost. */
export function ShownOnce({ created, onClose }: { created: CreatedApiKey; onClose: () => void }) {
  return (
    <Dialog title={say.created(plainName(created.name))} onClose={onClose}>
      <div className="flex flex-col gap-4">
        <Note tone="warn">{say.createdText}</Note>
        <CopyField label={say.created(plainName(created.name))} value={created.key} />
        <Button className="self-end" onClick={onClose}>
          {say.done}
        </Button>
      </div>
    </Dialog>
  );
}
