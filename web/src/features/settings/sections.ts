import type { LucideIcon } from "lucide-react";
import {
  Activity,
  ChartColumn,
  CircleUser,
  CloudAlert,
  FolderCheck,
  Images,
  KeyRound,
  Phone,
  ScrollText,
  Users,
  Webhook,
} from "lucide-react";
import type { Role } from "@/api/types";
import { settings as words } from "@/texts/settings";

type Section = { to: SectionPath; label: string; icon: LucideIcon; role: Role };

export type SectionPath =
  | "/settings/now"
  | "/settings/failures"
  | "/settings/webhooks"
  | "/settings/accounts"
  | "/settings/media"
  | "/settings/storage"
  | "/settings/integrity"
  | "/settings/users"
  | "/settings/keys"
  | "/settings/audit"
  | "/settings/session";

const { nav } = words;

/** The pages of the settings in their order, and the role that each needs. */
export const SECTIONS: readonly { title: string; items: readonly Section[] }[] = [
  {
    title: nav.groups.now,
    items: [
      { to: "/settings/now", label: nav.now, icon: Activity, role: "manager" },
      { to: "/settings/failures", label: nav.failures, icon: CloudAlert, role: "viewer" },
      { to: "/settings/webhooks", label: nav.webhooks, icon: Webhook, role: "admin" },
    ],
  },
  {
    title: nav.groups.whatsapp,
    items: [{ to: "/settings/accounts", label: nav.accounts, icon: Phone, role: "admin" }],
  },
  {
    title: nav.groups.media,
    items: [
      { to: "/settings/media", label: nav.media, icon: Images, role: "viewer" },
      { to: "/settings/storage", label: nav.storage, icon: ChartColumn, role: "manager" },
      { to: "/settings/integrity", label: nav.integrity, icon: FolderCheck, role: "manager" },
    ],
  },
  {
    title: nav.groups.people,
    items: [
      { to: "/settings/users", label: nav.users, icon: Users, role: "admin" },
      { to: "/settings/keys", label: nav.apiKeys, icon: KeyRound, role: "admin" },
      { to: "/settings/audit", label: nav.audit, icon: ScrollText, role: "admin" },
    ],
  },
  {
    title: nav.groups.you,
    items: [{ to: "/settings/session", label: nav.session, icon: CircleUser, role: "viewer" }],
  },
];

/** What a page is called, and who may use it. */
export function sectionOf(page: SectionPath): Section {
  for (const { items } of SECTIONS) {
    const found = items.find(({ to }) => to === page);
    if (found) return found;
  }
  throw new Error(`${page} is no page of the settings`);
}
