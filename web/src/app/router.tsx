import { stopAudio, usePlayback } from "@mediary/media/viewers/playback";
import { useReveal } from "@mediary/media/viewers/reveal";
import { isOnDemand } from "@mediary/media/viewers/state";
import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  notFound,
  Outlet,
  type RouteComponent,
  redirect,
} from "@tanstack/react-router";
import { Toaster } from "sonner";
import { meQuery } from "@/api/queries";
import { ConversationPage } from "@/app/ConversationPage";
import { CrashPage, NotFoundPage } from "@/app/FailurePages";
import { InboxLayout } from "@/app/InboxLayout";
import { InboxSkeleton } from "@/app/InboxSkeleton";
import { PickConversation } from "@/app/PickConversation";
import { useTheme } from "@/app/theme";
import { WAYS_BACK, type WayBack } from "@/app/wayBack";
import { LoginPage } from "@/features/auth/LoginPage";
import { openDrafts } from "@/features/composer/drafts";
import { sendAs } from "@/features/sending/sending";
import { texts } from "@/texts";
import { loadSettings } from "@/texts/settings";

/** What the URL of a conversation holds beside its id. Media are named by their message. */
export type ConversationSearch = {
  /** The message to jump to. */
  m?: number;
  /** The message whose picture is open over everything. */
  view?: number;
  /** The message whose file the details are about. */
  info?: number;
  /** Which of that message's files; without it, the message's own. */
  part?: number;
  /** The details pane, opened or closed by hand; otherwise the window's width decides. */
  details?: boolean;
  /** All of its files are open over the thread. */
  gallery?: boolean;
  /** From where somebody came to look at a message, and may want to go back to. */
  back?: WayBack;
};

/** The file that is open large, over the media of the company. */
export type MediaSearch = { view?: number; part?: number };

const root = createRootRouteWithContext<{ client: QueryClient }>()({
  component: Root,
  notFoundComponent: NotFoundPage,
  errorComponent: CrashPage,
});

function Root() {
  const theme = useTheme((state) => state.theme);
  return (
    <>
      <Outlet />
      {/* At the bottom it would lie on what is written, at the very top on the names of who it is written to. */}
      <Toaster
        theme={theme}
        position="top-center"
        offset={72}
        mobileOffset={68}
        closeButton
        containerAriaLabel={texts.shell.notifications}
        toastOptions={{ closeButtonAriaLabel: texts.action.close }}
      />
    </>
  );
}

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (search): { next?: string; expired?: boolean } => ({
    ...(isOwnPath(search.next) ? { next: search.next } : {}),
    ...(search.expired === true ? { expired: true } : {}),
  }),
  component: LoginPage,
});

const inbox = createRoute({
  getParentRoute: () => root,
  id: "inbox",
  validateSearch: (search): { q?: string } =>
    typeof search.q === "string" || typeof search.q === "number" ? { q: String(search.q) } : {},
  beforeLoad: async ({ context, location }) => {
    const me = await context.client.ensureQueryData(meQuery);
    if (me === null) throw redirect({ to: "/login", search: { next: location.href } });
    sendAs(me.id);
    openDrafts(me.id);
  },
  component: InboxLayout,
  pendingComponent: InboxSkeleton,
  pendingMs: 0,
  pendingMinMs: 0,
});

const pick = createRoute({ getParentRoute: () => inbox, path: "/", component: PickConversation });

/** On leaving a conversation what was uncovered is covered again, and its sound stops; what is stored plays on. */
let opened: number | null = null;

function openConversation(id: number | null): void {
  if (id === opened) return;
  if (opened !== null) {
    const { media } = usePlayback.getState();
    if (media === null || isOnDemand(media)) stopAudio();
    useReveal.getState().hideAll();
  }
  opened = id;
}

const conversation = createRoute({
  getParentRoute: () => inbox,
  path: "/c/$conversationId",
  params: {
    parse: ({ conversationId }) => {
      const id = positive(conversationId);
      if (id === undefined) throw notFound();
      return { conversationId: id };
    },
    stringify: ({ conversationId }) => ({ conversationId: String(conversationId) }),
  },
  validateSearch: (search): ConversationSearch => ({
    ...entry("m", positive(search.m)),
    ...entry("view", positive(search.view)),
    ...entry("info", positive(search.info)),
    ...entry("part", positive(search.part)),
    ...entry("details", typeof search.details === "boolean" ? search.details : undefined),
    ...entry("gallery", search.gallery === true ? true : undefined),
    ...entry(
      "back",
      WAYS_BACK.find((way) => way === search.back),
    ),
  }),
  onEnter: ({ params }) => openConversation(params.conversationId),
  onStay: ({ params }) => openConversation(params.conversationId),
  onLeave: () => openConversation(null),
  component: ConversationPage,
});

/** The pages of the settings are one part of the program, loaded when the first of them is opened. */
const settingsPage = (name: keyof typeof import("@/features/settings/pages")): RouteComponent =>
  lazyRouteComponent(() => loadSettings().then(() => import("@/features/settings/pages")), name);

const settings = createRoute({
  getParentRoute: () => inbox,
  path: "/settings",
  component: settingsPage("SettingsLayout"),
});

const account = createRoute({
  getParentRoute: () => settings,
  path: "/accounts/$accountId",
  params: {
    parse: ({ accountId }) => {
      const id = positive(accountId);
      if (id === undefined) throw notFound();
      return { accountId: id };
    },
    stringify: ({ accountId }) => ({ accountId: String(accountId) }),
  },
  component: settingsPage("AccountPage"),
});

const audit = createRoute({
  getParentRoute: () => settings,
  path: "/audit",
  validateSearch: (search): { action?: string; who?: string; from?: string; to?: string } => ({
    ...entry("action", words(search.action)),
    ...entry("who", words(search.who)),
    ...entry("from", day(search.from)),
    ...entry("to", day(search.to)),
  }),
  component: settingsPage("AuditPage"),
});

const ofSettings = { getParentRoute: () => settings };
const settingsStart = createRoute({ ...ofSettings, path: "/", component: settingsPage("SettingsStart") });
const now = createRoute({ ...ofSettings, path: "/now", component: settingsPage("NowPage") });
const failures = createRoute({ ...ofSettings, path: "/failures", component: settingsPage("FailuresPage") });
const webhooks = createRoute({ ...ofSettings, path: "/webhooks", component: settingsPage("WebhooksPage") });
const accounts = createRoute({ ...ofSettings, path: "/accounts", component: settingsPage("AccountsPage") });
const newAccount = createRoute({
  ...ofSettings,
  path: "/accounts/new",
  component: settingsPage("NewAccountPage"),
});
const media = createRoute({ ...ofSettings, path: "/media", component: settingsPage("MediaPage") });
const storage = createRoute({ ...ofSettings, path: "/storage", component: settingsPage("StoragePage") });
const integrity = createRoute({
  ...ofSettings,
  path: "/integrity",
  component: settingsPage("IntegrityPage"),
});
const users = createRoute({ ...ofSettings, path: "/users", component: settingsPage("UsersPage") });
const apiKeys = createRoute({ ...ofSettings, path: "/keys", component: settingsPage("ApiKeysPage") });
const session = createRoute({ ...ofSettings, path: "/session", component: settingsPage("SessionPage") });

const settingsPages = settings.addChildren([
  settingsStart,
  now,
  failures,
  webhooks,
  accounts,
  newAccount,
  account,
  media,
  storage,
  integrity,
  users,
  apiKeys,
  audit,
  session,
]);

const allMedia = createRoute({
  getParentRoute: () => inbox,
  path: "/media",
  validateSearch: (search): MediaSearch => ({
    ...entry("view", positive(search.view)),
    ...entry("part", positive(search.part)),
  }),
  component: lazyRouteComponent(() => import("@/app/MediaPage"), "MediaPage"),
});

const routeTree = root.addChildren([login, inbox.addChildren([pick, conversation, allMedia, settingsPages])]);

export function createAppRouter(client: QueryClient) {
  return createRouter({ routeTree, context: { client }, defaultErrorComponent: CrashPage });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}

function positive(value: unknown): number | undefined {
  const number = Number(value);
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

function words(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function day(value: unknown): string | undefined {
  return typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value) ? value : undefined;
}

function entry<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}

/** Only a path of this site: a link must not send somebody elsewhere after the log-in. */
function isOwnPath(value: unknown): value is string {
  return typeof value === "string" && /^\/(?![/\\])/.test(value) && !value.startsWith("/login");
}
