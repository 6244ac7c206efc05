import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Images, Keyboard, LogOut, Monitor, Moon, Sun, TextSearch } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { api } from "@/api/client";
import { useTheme } from "@/app/theme";
import { Button, IconButton, iconButton } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Logo } from "@/components/ui/logo";
import { forgetDrafts } from "@/features/composer/drafts";
import { forgetGalleries } from "@/features/gallery/store";
import { forgetPositions, stopAudio } from "@/features/media/playback";
import { forgetSearch } from "@/features/search/store";
import { stopSending } from "@/features/sending/sending";
import { useOutbox } from "@/features/sending/store";
import { texts } from "@/texts";

const themeIcons = { system: Monitor, light: Sun, dark: Moon };

type ListHeaderProps = { onShortcuts: () => void; onSearch: () => void };

export function ListHeader({ onShortcuts, onSearch }: ListHeaderProps) {
  const { theme, next } = useTheme();
  const ThemeIcon = themeIcons[theme];
  const logOut = useLogOut();
  const unsent = useOutbox(({ items }) => items.length);
  const [asking, setAsking] = useState(false);
  const leave = () => (unsent > 0 ? setAsking(true) : logOut.mutate());
  return (
    <header className="flex h-15 shrink-0 [@media(max-height:30rem)]:h-11 items-center gap-0.5 ps-4 pe-2">
      <h1 className="me-auto flex items-center gap-2 font-semibold text-base">
        <Logo className="size-7" />
        {texts.app.name}
      </h1>
      <IconButton label={texts.search.open} onClick={onSearch} aria-keyshortcuts="Control+K">
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
      <IconButton label={texts.shell.shortcuts} onClick={onShortcuts} className="pointer-coarse:hidden">
        <Keyboard className="size-4.5" />
      </IconButton>
      <IconButton label={texts.shell.logout} onClick={leave} disabled={logOut.isPending}>
        <LogOut className="size-4.5" />
      </IconButton>
      {asking && (
        <Dialog title={texts.shell.logout} onClose={() => setAsking(false)}>
          <p className="mb-4">{texts.shell.unsent(unsent)}</p>
          <div className="flex flex-wrap justify-end gap-2">
            <Button variant="soft" onClick={() => logOut.mutate()} disabled={logOut.isPending}>
              {texts.shell.logoutAnyway}
            </Button>
            <Button onClick={() => setAsking(false)}>{texts.shell.stay}</Button>
          </div>
        </Dialog>
      )}
    </header>
  );
}

function useLogOut() {
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: () => api.post("/api/auth/logout"),
    onSuccess: async () => {
      stopSending();
      forgetDrafts();
      forgetGalleries();
      forgetSearch();
      stopAudio();
      forgetPositions();
      await navigate({ to: "/login" });
      client.clear();
    },
    onError: () => toast.error(texts.toast.logoutFailed),
  });
}
