import { plainName } from "@mediary/media/lib/bidi";
import { Button } from "@mediary/media/ui/button";
import { EmptyState } from "@mediary/media/ui/states";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus, Users as UsersIcon } from "lucide-react";
import { useState } from "react";
import { meQuery } from "@/api/queries";
import { useHasRole } from "@/api/roles";
import { usersQuery } from "@/api/settings";
import type { User } from "@/api/types";
import { Avatar } from "@/components/ui/avatar";
import { Badge, Loaded, Panel } from "@/features/settings/parts";
import { SettingsPage } from "@/features/settings/SettingsPage";
import { ChangeUser, NewUser } from "@/features/settings/UserDialogs";
import { settings as words } from "@/texts/settings";

const { users: say } = words;

export function UsersPage() {
  const query = useQuery({ ...usersQuery, enabled: useHasRole("admin") });
  const [adding, setAdding] = useState(false);
  const [changing, setChanging] = useState<User | null>(null);
  return (
    <SettingsPage
      page="/settings/users"
      lead={say.lead}
      actions={
        <Button onClick={() => setAdding(true)}>
          <Plus aria-hidden="true" className="size-4" />
          {say.add}
        </Button>
      }
    >
      <Loaded query={query}>
        {(users) =>
          users.length === 0 ? (
            <EmptyState icon={<UsersIcon />} title={say.empty} />
          ) : (
            <Panel keepsFocus className="overflow-hidden">
              <ul className="divide-y divide-line">
                {byActivity(users).map((user) => (
                  <UserRow key={user.id} user={user} onChange={() => setChanging(user)} />
                ))}
              </ul>
            </Panel>
          )
        }
      </Loaded>
      {adding && <NewUser onClose={() => setAdding(false)} />}
      {changing && <ChangeUser user={changing} onClose={() => setChanging(null)} />}
    </SettingsPage>
  );
}

/** Those who can log in first, each kind by name. */
function byActivity(users: readonly User[]): User[] {
  return [...users].sort((a, b) => Number(b.active) - Number(a.active) || a.name.localeCompare(b.name));
}

function UserRow({ user, onChange }: { user: User; onChange: () => void }) {
  const isMe = useQueryClient().getQueryData(meQuery.queryKey)?.id === user.id;
  const name = plainName(user.name);
  return (
    <li className="flex items-center gap-3 px-4 py-2.5">
      <Avatar
        name={name}
        id={user.id}
        className={user.active ? "size-9 text-sm" : "size-9 text-sm grayscale"}
      />
      <span className="min-w-0 flex-1">
        <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <bdi className="wrap-anywhere font-medium">{name}</bdi>
          {isMe && <Badge tone="good">{say.you}</Badge>}
          {!user.active && <Badge tone="quiet">{say.inactive}</Badge>}
        </span>
        <span className="wrap-anywhere block text-muted">
          <bdi>{plainName(user.email)}</bdi>
          <span className="block sm:hidden">{words.role[user.role]}</span>
        </span>
      </span>
      <span className="hidden w-24 shrink-0 text-muted sm:block">{words.role[user.role]}</span>
      <Button variant="plain" aria-label={say.change(name)} onClick={onChange}>
        {words.edit}
      </Button>
    </li>
  );
}
