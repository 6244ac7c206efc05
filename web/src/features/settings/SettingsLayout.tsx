import { useMediaMatch } from "@mediary/media/lib/useMediaMatch";
import { iconButton } from "@mediary/media/ui/button";
import { Link, Navigate, Outlet } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import { reaches, useRole } from "@/api/roles";
import { SECTIONS } from "@/features/settings/sections";
import { settings as words } from "@/texts/settings";

/** Wide enough for the list of pages beside one of them. */
const WIDE = "(min-width: 48rem)";

/** The frame of the settings: the list of pages beside one of them; on a phone one of the two. */
export function SettingsLayout() {
  return (
    <>
      <nav
        tabIndex={-1}
        aria-label={words.pages}
        className="outline-none flex w-full shrink-0 flex-col overflow-y-auto border-line bg-surface max-md:has-[+main]:hidden md:w-64 md:border-e"
      >
        <header className="flex h-15 shrink-0 items-center gap-1.5 ps-2 pe-4">
          <Link to="/" aria-label={words.toInbox} title={words.toInbox} className={iconButton}>
            <ArrowLeft className="size-5 rtl:rotate-180" />
          </Link>
          <h1 className="font-semibold text-base">{words.title}</h1>
        </header>
        <Sections />
      </nav>
      <Outlet />
    </>
  );
}

function Sections() {
  const role = useRole();
  const shown = SECTIONS.map(({ title, items }) => ({
    title,
    items: items.filter((item) => reaches(role, item.role)),
  })).filter(({ items }) => items.length > 0);
  return (
    <div className="flex flex-col gap-4 px-2 pt-1 pb-6">
      {shown.map(({ title, items }) => (
        <section key={title} aria-label={title}>
          <h2 className="px-2.5 pb-1 font-semibold text-muted text-xs">{title}</h2>
          <ul>
            {items.map(({ to, label, icon: Icon }) => (
              <li key={to}>
                <Link
                  to={to}
                  className="flex min-h-10 items-center gap-2.5 rounded-lg px-2.5 hover:bg-hover aria-[current=page]:bg-selected aria-[current=page]:font-medium pointer-coarse:min-h-12"
                >
                  <Icon aria-hidden="true" className="size-4.5 shrink-0 text-muted" />
                  {label}
                </Link>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

/** Without a page: on a phone the list of them is there, elsewhere the first of them opens. */
export function SettingsStart() {
  const wide = useMediaMatch(WIDE);
  const role = useRole();
  const first = SECTIONS.flatMap(({ items }) => items).find((item) => reaches(role, item.role));
  return wide && first ? <Navigate to={first.to} replace /> : null;
}
