import { recall, remember } from "@mediary/media/lib/storage";
import { create } from "zustand";

export type Theme = "system" | "light" | "dark";
const KEY = "mediary.theme";
const ORDER: readonly Theme[] = ["system", "light", "dark"];

type ThemeState = { theme: Theme; next: () => void };

/** The chosen theme. `first.js` applies it before the first paint; this changes it later. */
export const useTheme = create<ThemeState>((set, get) => ({
  theme: read(),
  next: () => {
    const theme = ORDER[(ORDER.indexOf(get().theme) + 1) % ORDER.length] ?? "system";
    remember(KEY, theme === "system" ? null : theme);
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    set({ theme });
  },
}));

function read(): Theme {
  const stored = recall(KEY);
  return stored === "light" || stored === "dark" ? stored : "system";
}
