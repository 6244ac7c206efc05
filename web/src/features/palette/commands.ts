import type { LucideIcon } from "lucide-react";

/** Something that can be done from anywhere. */
export type Command = {
  id: string;
  title: string;
  /** A number beside the name: it is searched, too. */
  detail?: string | undefined;
  /** Where it leads, or what it belongs to. */
  group: string;
  icon: LucideIcon;
  run: () => void;
};

/** Words without case and accents, as a person types them in a hurry. */
function plain(words: string): string {
  return words.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();
}

/** The commands in which all that was typed occurs; those that begin with it first. */
export function matching(commands: readonly Command[], typed: string): Command[] {
  const parts = plain(typed).split(/\s+/).filter(Boolean);
  const texts = new Map(
    commands.map((command) => [command, plain(`${command.title} ${command.detail ?? ""} ${command.group}`)]),
  );
  const found = commands.filter((command) => parts.every((part) => texts.get(command)?.includes(part)));
  const first = parts[0] ?? "";
  const rank = (command: Command) => (texts.get(command)?.startsWith(first) ? 0 : 1);
  return found.sort((a, b) => rank(a) - rank(b));
}
