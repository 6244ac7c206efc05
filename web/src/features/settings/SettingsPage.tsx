import { iconButton } from "@mediary/media/ui/button";
import { EmptyState } from "@mediary/media/ui/states";
import { Link } from "@tanstack/react-router";
import { ArrowLeft, Lock } from "lucide-react";
import type { ReactNode } from "react";
import { useHasRole } from "@/api/roles";
import { type SectionPath, sectionOf } from "@/features/settings/sections";
import { useTitle } from "@/live/useTitle";
import { settings as words } from "@/texts/settings";

type PageProps = {
  /** Which page it is, or to which it belongs: that says who may be here. */
  page: SectionPath;
  /** Where it is called otherwise than in the list of pages. */
  title?: string;
  lead?: string;
  /** Where the arrow leads on a phone, and on a page below another everywhere. */
  up?: { to: "/settings/accounts"; label: string };
  actions?: ReactNode;
  /** For what needs all the room, like a table. */
  wide?: boolean;
  children: ReactNode;
};

/** One page of the settings, for those who may use it. */
export function SettingsPage({ page, title: given, lead, up, actions, wide = false, children }: PageProps) {
  const { label, role } = sectionOf(page);
  const title = given ?? label;
  const may = useHasRole(role);
  useTitle(title);
  return (
    <main
      ref={takeFocus}
      id="settings"
      tabIndex={-1}
      aria-label={title}
      className="flex min-w-0 flex-1 flex-col overflow-y-auto bg-page outline-none"
    >
      <header className="sticky top-0 z-10 flex min-h-15 shrink-0 items-center gap-2 border-line border-b bg-surface px-2 py-2 md:px-6">
        <Link
          to={up?.to ?? "/settings"}
          aria-label={up?.label ?? words.back}
          title={up?.label ?? words.back}
          className={up ? iconButton : `${iconButton} md:hidden`}
        >
          <ArrowLeft className="size-5 rtl:rotate-180" />
        </Link>
        <h2 className="me-auto min-w-0 truncate font-semibold text-base">{title}</h2>
        {may && actions}
      </header>
      {may ? (
        <div className={`flex w-full flex-1 flex-col gap-6 p-4 md:p-6 ${wide ? "max-w-6xl" : "max-w-3xl"}`}>
          {lead && <p className="text-muted">{lead}</p>}
          {children}
        </div>
      ) : (
        <EmptyState icon={<Lock />} title={words.forbidden} hint={words.forbiddenHint(words.role[role])} />
      )}
    </main>
  );
}

/** A page takes the focus where the link that led to it went with what was there before: on a phone the list of pages goes, too. */
function takeFocus(main: HTMLElement | null): void {
  const at = document.activeElement;
  if (at === null || at === document.body || !at.checkVisibility()) main?.focus({ preventScroll: true });
}
