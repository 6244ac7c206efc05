import { plainName } from "@mediary/media/lib/bidi";
import { useQuery } from "@tanstack/react-query";
import { accountsQuery, apiKeysQuery, usersQuery } from "@/api/settings";
import { settings as words } from "@/texts/settings";

const { audit: say } = words;

/** The server may know more of them than this inbox. */
const actions: Partial<Record<string, string>> = say.actions;
const records: Partial<Record<string, (id: string) => string>> = say.records;

/** How the log writes who did something, or to what: `user:3`. */
export type Reference = string;

/** What references are called, as far as they are known here. */
export type Names = ReadonlyMap<Reference, string>;

/** The names of people, keys and accounts, by their references. */
export function useNames(enabled: boolean): Names {
  const users = useQuery({ ...usersQuery, enabled });
  const keys = useQuery({ ...apiKeysQuery, enabled });
  const accounts = useQuery({ ...accountsQuery, enabled });
  return new Map([
    ...(users.data ?? []).map(({ id, name }) => [`user:${id}`, plainName(name)] as const),
    ...(keys.data ?? []).map(({ id, name }) => [`api_key:${id}`, plainName(name)] as const),
    ...(accounts.data ?? []).map(({ id, name }) => [`account:${id}`, plainName(name)] as const),
  ]);
}

export function actionWords(action: string): string {
  return actions[action] ?? action;
}

/** Who did it, or what it was done to, in words. */
export function referenceWords(reference: Reference, names: Names): string {
  if (reference === "command_line") return say.commandLine;
  if (reference === "link") return say.link;
  const name = names.get(reference);
  if (name !== undefined) return name;
  const [kind = "", id = ""] = reference.split(":");
  return records[kind]?.(id) ?? reference;
}
