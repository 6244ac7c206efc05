import { letterOf } from "@mediary/media/lib/letter";
import { useWindowEvent } from "@mediary/media/lib/useWindowEvent";
import { useNavigate } from "@tanstack/react-router";
import { Images, Inbox, Keyboard, Languages, LogOut, SunMoon, TextSearch } from "lucide-react";
import { useState } from "react";
import { useTheme } from "@/app/theme";
import { useLogOut } from "@/features/auth/useLogOut";
import type { Command } from "@/features/palette/commands";
import { deferred } from "@/lib/deferred";
import { texts } from "@/texts";
import { loadSettings } from "@/texts/settings";

const Palette = deferred(async () => {
  await loadSettings();
  return (await import("@/features/palette/Palette")).Palette;
});

/** The palette by Ctrl-K, or ⌘K, and what can be done in it. */
export function CommandPalette({ onShortcuts, onSearch }: { onShortcuts: () => void; onSearch: () => void }) {
  const [open, setOpen] = useState(false);
  const navigate = useNavigate();
  const nextTheme = useTheme(({ next }) => next);
  const { leave, question } = useLogOut();
  useWindowEvent("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    if (letterOf(event) !== "k") return;
    event.preventDefault();
    if (open) setOpen(false);
    else if (document.querySelector("dialog[open]") === null) setOpen(true);
  });
  const group = texts.palette.command;
  const commands: Command[] = [
    { id: "inbox", title: texts.palette.inbox, group, icon: Inbox, run: () => void navigate({ to: "/" }) },
    { id: "search", title: texts.search.title, group, icon: TextSearch, run: onSearch },
    {
      id: "media",
      title: texts.gallery.all,
      group,
      icon: Images,
      run: () => void navigate({ to: "/media" }),
    },
    { id: "theme", title: texts.palette.theme, group, icon: SunMoon, run: nextTheme },
    {
      id: "language",
      title: texts.shell.language,
      group,
      icon: Languages,
      run: () => void navigate({ to: "/settings/session" }),
    },
    { id: "keys", title: texts.shell.shortcuts, group, icon: Keyboard, run: onShortcuts },
    { id: "logout", title: texts.shell.logout, group, icon: LogOut, run: leave },
  ];
  return (
    <>
      {open && <Palette commands={commands} onClose={() => setOpen(false)} />}
      {question}
    </>
  );
}
