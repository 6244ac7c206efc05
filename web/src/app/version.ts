import { create } from "zustand";
import { useConnection } from "@/live/connection";

const CHECK_EVERY_MS = 15 * 60_000;
/** Between two checks at the least, whatever happens. */
const CHECK_AGAIN_AFTER_MS = 60_000;
const SCRIPT = /<script[^>]*type="module"[^>]*src="([^"]+)"/;

/** Whether the server has another version of the inbox than the one that runs here. */
export const useNewVersion = create<{ available: boolean; later: () => void }>((set) => ({
  available: false,
  later: () => set({ available: false }),
}));

let checkedAt = Date.now();
/** The version that was put off; only the next one is offered again. */
let known = ownScript();

/** Looks now and then, when somebody comes back to the page, and when the server comes back: it may be a new one. */
export function watchVersion(): void {
  setInterval(checkVersion, CHECK_EVERY_MS);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") void checkVersion();
  });
  useConnection.subscribe((now, before) => {
    if (now.open && !before.open) void checkVersion();
  });
}

async function checkVersion(): Promise<void> {
  if (known === null || Date.now() - checkedAt < CHECK_AGAIN_AFTER_MS) return;
  checkedAt = Date.now();
  try {
    const response = await fetch("/", { cache: "no-store" });
    const served = response.ok ? scriptOf(await response.text()) : null;
    if (served === null || served === known) return;
    known = served;
    useNewVersion.setState({ available: true });
  } catch {
    // Away; it is asked again.
  }
}

/** The script that a page starts with, whose name changes with every version. */
export function scriptOf(page: string): string | null {
  return SCRIPT.exec(page)?.[1] ?? null;
}

function ownScript(): string | null {
  return document.querySelector("script[type=module][src]")?.getAttribute("src") ?? null;
}
