import { IconButton, iconButton } from "@mediary/media/ui/button";
import { Link } from "@tanstack/react-router";
import { Images, LogOut, Monitor, Moon, Settings, Sun, TextSearch } from "lucide-react";
import { useTheme } from "@/app/theme";
import { Logo } from "@/components/ui/logo";
import { useLogOut } from "@/features/auth/useLogOut";
import { texts } from "@/texts";

const themeIcons = { system: Monitor, light: Sun, dark: Moon };

export function ListHeader({ onSearch }: { onSearch: () => void }) {
  const { theme, next } = useTheme();
  const ThemeIcon = themeIcons[theme];
  const { leave, pending, question } = useLogOut();
  return (
    <header className="flex h-15 shrink-0 [@media(max-height:30rem)]:h-11 items-center gap-0.5 ps-4 pe-2">
      <h1 className="me-auto flex items-center gap-2 font-semibold text-base">
        <Logo className="size-7" />
        {texts.app.name}
      </h1>
      <IconButton label={texts.search.open} onClick={onSearch} aria-keyshortcuts="Control+Shift+F">
        <TextSearch className="size-4.5" />
      </IconButton>
      <Link
        to="/media"
        aria-label={texts.gallery.all}
        title={texts.gallery.all}
        activeProps={{ className: "bg-selected text-accent-strong!" }}
        className={iconButton}
      >
        <Images className="size-4.5" />
      </Link>
      <IconButton label={texts.shell.theme[theme]} onClick={next}>
        <ThemeIcon className="size-4.5" />
      </IconButton>
      <Link
        to="/settings"
        preload="intent"
        aria-label={texts.shell.settings}
        title={texts.shell.settings}
        className={iconButton}
      >
        <Settings className="size-4.5" />
      </Link>
      <IconButton label={texts.shell.logout} onClick={leave} disabled={pending}>
        <LogOut className="size-4.5 rtl:-scale-x-100" />
      </IconButton>
      {question}
    </header>
  );
}
