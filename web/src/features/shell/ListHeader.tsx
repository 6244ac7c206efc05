import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Keyboard, LogOut, Monitor, Moon, Sun } from "lucide-react";
import { toast } from "sonner";
import { api } from "@/api/client";
import { IconButton } from "@/components/ui/button";
import { Logo } from "@/features/shell/Logo";
import { useTheme } from "@/stores/theme";
import { texts } from "@/texts";

const themeIcons = { system: Monitor, light: Sun, dark: Moon };

export function ListHeader({ onShortcuts }: { onShortcuts: () => void }) {
  const { theme, next } = useTheme();
  const ThemeIcon = themeIcons[theme];
  const logOut = useLogOut();
  return (
    <header className="flex h-15 shrink-0 items-center gap-0.5 ps-4 pe-2">
      <h1 className="me-auto flex items-center gap-2 font-semibold text-base">
        <Logo className="size-7" />
        {texts.app.name}
      </h1>
      <IconButton label={texts.shell.theme[theme]} onClick={next}>
        <ThemeIcon className="size-4.5" />
      </IconButton>
      <IconButton label={texts.shell.shortcuts} onClick={onShortcuts} className="max-md:hidden">
        <Keyboard className="size-4.5" />
      </IconButton>
      <IconButton label={texts.shell.logout} onClick={() => logOut.mutate()} disabled={logOut.isPending}>
        <LogOut className="size-4.5" />
      </IconButton>
    </header>
  );
}

function useLogOut() {
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: () => api.post("/api/auth/logout"),
    onSuccess: async () => {
      await navigate({ to: "/login" });
      client.clear();
    },
    onError: () => toast.error(texts.toast.logoutFailed),
  });
}
