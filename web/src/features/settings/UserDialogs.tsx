import { plainName } from "@mediary/media/lib/bidi";
import { Button } from "@mediary/media/ui/button";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { toast } from "sonner";
import { meQuery } from "@/api/queries";
import { ROLES } from "@/api/roles";
import { addUser, changeUser, deactivateUser, settingsKeys } from "@/api/settings";
import type { Role, User, UserChange } from "@/api/types";
import { Confirm } from "@/components/ui/confirm";
import { Dialog } from "@/components/ui/dialog";
import { Choice, SecretField, TextField } from "@/components/ui/field";
import { FormProblem, fieldError, focusField, Note } from "@/features/settings/parts";
import { settings as words } from "@/texts/settings";

const { users: say } = words;
const FIELDS = ["name", "email", "role", "password"];

export function NewUser({ onClose }: { onClose: () => void }) {
  const form = useRef<HTMLFormElement>(null);
  const [role, setRole] = useState<Role>("agent");
  const add = useUserMutation(
    addUser,
    (user) => {
      toast.success(say.added(plainName(user.name)));
      onClose();
    },
    form,
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const text = (name: string) => String(data.get(name) ?? "");
    const user = { email: text("email").trim(), name: text("name").trim(), role, password: text("password") };
    if (!add.isPending) add.mutate(user);
  };
  const error = (field: string) => fieldError(add.error, field);
  return (
    <Dialog title={say.add} onClose={onClose}>
      <form ref={form} onSubmit={submit} noValidate className="flex flex-col gap-4">
        <TextField name="name" label={say.name} error={error("name")} dir="auto" required />
        <TextField name="email" type="email" label={say.email} error={error("email")} dir="ltr" required />
        <RoleChoice value={role} onChange={setRole} />
        <SecretField
          name="password"
          label={say.password}
          hint={say.passwordHint}
          error={error("password")}
          required
        />
        <FormProblem error={add.error} fields={FIELDS} />
        <Buttons pending={add.isPending} submit={words.add} onClose={onClose} />
      </form>
    </Dialog>
  );
}

export function ChangeUser({ user, onClose }: { user: User; onClose: () => void }) {
  const form = useRef<HTMLFormElement>(null);
  const isMe = useQueryClient().getQueryData(meQuery.queryKey)?.id === user.id;
  const [role, setRole] = useState<Role>(user.role);
  const [asking, setAsking] = useState(false);
  const name = plainName(user.name);
  const done = (sentence: string) => () => {
    toast.success(sentence);
    onClose();
  };
  const change = useUserMutation(
    (wanted: UserChange) => changeUser(user.id, wanted),
    done(say.changed(name)),
    form,
  );
  const activate = useUserMutation(() => changeUser(user.id, { active: true }), done(say.activated(name)));
  const deactivate = useUserMutation(() => deactivateUser(user.id), done(say.deactivated(name)));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const password = String(data.get("password") ?? "");
    const wanted: UserChange = { name: String(data.get("name") ?? "").trim(), ...(isMe ? {} : { role }) };
    if (!change.isPending) change.mutate(password === "" ? wanted : { ...wanted, password });
  };
  const error = (field: string) => fieldError(change.error, field);
  if (asking) {
    return (
      <Confirm
        title={say.deactivateTitle(name)}
        action={say.deactivate}
        pending={deactivate.isPending}
        error={deactivate.error}
        onConfirm={() => deactivate.mutate(undefined)}
        onClose={onClose}
      >
        <p>{say.deactivateText}</p>
      </Confirm>
    );
  }
  return (
    <Dialog title={say.change(name)} onClose={onClose}>
      <form ref={form} onSubmit={submit} noValidate className="flex flex-col gap-4">
        <TextField
          name="name"
          label={say.name}
          defaultValue={user.name}
          error={error("name")}
          dir="auto"
          required
        />
        {isMe ? <Note tone="quiet">{say.yourself}</Note> : <RoleChoice value={role} onChange={setRole} />}
        <SecretField
          name="password"
          label={say.newPassword}
          hint={say.newPasswordHint}
          error={error("password")}
        />
        <FormProblem error={change.error ?? activate.error} fields={FIELDS} />
        <Buttons pending={change.isPending} submit={words.save} onClose={onClose}>
          {!isMe &&
            (user.active ? (
              <Button variant="plain" className="me-auto text-danger" onClick={() => setAsking(true)}>
                {say.deactivate}
              </Button>
            ) : (
              <Button variant="plain" className="me-auto" onClick={() => activate.mutate(undefined)}>
                {say.activate}
              </Button>
            ))}
        </Buttons>
      </form>
    </Dialog>
  );
}

function RoleChoice({ value, onChange }: { value: Role; onChange: (role: Role) => void }) {
  return (
    <Choice
      legend={say.role}
      name="role"
      value={value}
      options={ROLES.map((role) => ({ value: role, title: words.role[role], text: words.roleText[role] }))}
      onChange={onChange}
    />
  );
}

type ButtonsProps = { pending: boolean; submit: string; onClose: () => void; children?: React.ReactNode };

function Buttons({ pending, submit, onClose, children }: ButtonsProps) {
  return (
    <div className="flex flex-wrap justify-end gap-2">
      {children}
      <Button variant="soft" onClick={onClose}>
        {words.cancel}
      </Button>
      <Button type="submit" disabled={pending}>
        {pending ? words.saving : submit}
      </Button>
    </div>
  );
}

/** Changes a user; the list is asked for again, as an answer may be of one who is no longer as they were. */
function useUserMutation<In, Out>(
  change: (wanted: In) => Promise<Out>,
  onSuccess: (answer: Out) => void,
  form?: React.RefObject<HTMLFormElement | null>,
) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: (answer) => {
      void client.invalidateQueries({ queryKey: settingsKeys.users });
      onSuccess(answer);
    },
    onError: (error: Error) => focusField(form?.current ?? null, error),
  });
}
