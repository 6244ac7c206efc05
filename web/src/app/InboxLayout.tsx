import { letterOf } from "@mediary/media/lib/letter";
import { useShortcuts } from "@mediary/media/lib/shortcuts";
import { useWindowEvent } from "@mediary/media/lib/useWindowEvent";
import { useQueryClient } from "@tanstack/react-query";
import {
  Outlet,
  useMatchRoute,
  useNavigate,
  useParams,
  useRouterState,
  useSearch,
} from "@tanstack/react-router";
import { clsx } from "clsx";
import { useState } from "react";
import { CommandPalette } from "@/app/CommandPalette";
import { ConnectionBanner } from "@/app/ConnectionBanner";
import { ListHeader } from "@/app/ListHeader";
import { NewVersion } from "@/app/NewVersion";
import { NowPlaying } from "@/app/NowPlaying";
import { useLive } from "@/app/useLive";
import { Announcer } from "@/components/ui/announcer";
import { ConversationList } from "@/features/conversations/ConversationList";
import { deferred } from "@/lib/deferred";
import { opening } from "@/lib/layer";
import { texts } from "@/texts";

const SearchPanel = deferred(async () => (await import("@/app/SearchPanel")).SearchPanel);
const ShortcutSheet = deferred(async () => (await import("@/components/ui/shortcut-sheet")).ShortcutSheet);

/** The frame: conversations beside whatever the URL opened; on a phone one of the two. */
export function InboxLayout() {
  const client = useQueryClient();
  const { conversationId } = useParams({ strict: false });
  const inSettings = useMatchRoute()({ to: "/settings", fuzzy: true }) !== false;
  const atList = useRouterState({ select: ({ location }) => location.pathname === "/" });
  const { q } = useSearch({ from: "/inbox" });
  const navigate = useNavigate();
  const [sheet, setSheet] = useState(false);
  const search = () => {
    if (q !== undefined) return;
    void navigate({ to: ".", search: (before) => ({ ...before, q: "" }), state: opening("search") });
  };
  useLive(client);
  // `/` leads to the list's own field where that is in sight.
  useShortcuts({ "?": () => setSheet(true), "/": search });
  useWindowEvent("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || !event.shiftKey) return;
    if (letterOf(event) !== "f") return;
    event.preventDefault();
    search();
  });
  return (
    <div className="flex h-full flex-col">
      <a
        href={inSettings ? "#settings" : "#thread"}
        className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:m-2 focus:rounded-lg focus:bg-accent focus:px-3 focus:py-2 focus:text-on-accent"
      >
        {inSettings ? texts.app.skipToPage : texts.app.skip}
      </a>
      <ConnectionBanner />
      <NewVersion />
      <NowPlaying conversationId={conversationId} />
      <div className="flex min-h-0 flex-1">
        {!inSettings && (
          <nav
            tabIndex={-1}
            aria-label={texts.shell.panes.list}
            className={clsx(
              "outline-none w-full shrink-0 flex-col border-line bg-surface md:flex md:w-84 md:border-e",
              atList ? "flex" : "hidden",
            )}
          >
            <ListHeader onSearch={search} />
            <ConversationList activeId={conversationId} />
          </nav>
        )}
        <Outlet />
      </div>
      {q !== undefined && <SearchPanel words={q} />}
      <Announcer />
      <CommandPalette onShortcuts={() => setSheet(true)} onSearch={search} />
      {sheet && <ShortcutSheet onClose={() => setSheet(false)} />}
    </div>
  );
}
