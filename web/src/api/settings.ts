import { api, problemOf } from "@mediary/media/server/client";
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { keys } from "@/api/queries";
import type {
  Account,
  AccountChange,
  AccountCheck,
  Activity,
  ApiKey,
  AuditEntry,
  CreatedApiKey,
  FileType,
  MediaFile,
  MediaPolicy,
  MediaSettings,
  MediaSettingsChange,
  NewAccount,
  Page,
  PolicyPreview,
  Readiness,
  Retention,
  RetentionPreview,
  Role,
  Session,
  StorageCheck,
  StoredFiles,
  Usage,
  User,
  UserChange,
  WebhookEvent,
} from "@/api/types";

const PER_PAGE = 50;
/** The most that one request answers, for lists that are shown whole. */
const PAGE_MAX = 100;

export const settingsKeys = {
  all: ["settings"] as const,
  accounts: keys.accounts,
  account: (id: number) => [...keys.accounts, id] as const,
  users: ["settings", "users"] as const,
  apiKeys: ["settings", "api-keys"] as const,
  media: ["settings", "media"] as const,
  preview: (policy: MediaPolicy, accountId?: number) => ["settings", "preview", policy, accountId] as const,
  usage: ["settings", "usage"] as const,
  storageCheck: ["settings", "storage-check"] as const,
  failures: ["settings", "failures"] as const,
  accountCheck: (id: number) => ["settings", "account-check", id] as const,
  activity: ["settings", "activity"] as const,
  readiness: ["settings", "readiness"] as const,
  sessions: ["settings", "sessions"] as const,
  webhookEvents: ["settings", "webhook-events"] as const,
  audit: ["settings", "audit"] as const,
};

/** The event stream tells nothing of settings: each page asks when it is opened. */
const fresh = { staleTime: 0 } as const;

/** A list in pages, all of one path. */
function pages<T>(
  key: readonly unknown[],
  path: string,
  query: Record<string, string | readonly string[] | undefined> = {},
) {
  return infiniteQueryOptions({
    queryKey: key,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<T>>(path, { query: { ...query, cursor: pageParam, limit: PER_PAGE }, signal }),
    getNextPageParam: (page: Page<T>) =>
      page.hasMore && page.nextCursor !== null ? page.nextCursor : undefined,
    ...fresh,
  });
}

/** A list that is never long, whole. */
async function whole<T>(path: string, signal: AbortSignal): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page: Page<T> = await api.get(path, { query: { cursor, limit: PAGE_MAX }, signal });
    items.push(...page.items);
    cursor = page.hasMore ? (page.nextCursor ?? undefined) : undefined;
  } while (cursor !== undefined);
  return items;
}

export const accountsQuery = queryOptions({
  queryKey: settingsKeys.accounts,
  queryFn: ({ signal }) => whole<Account>("/api/whatsapp-accounts", signal),
  ...fresh,
});

export const accountQuery = (id: number) =>
  queryOptions({
    queryKey: settingsKeys.account(id),
    queryFn: ({ signal }) => api.get<Account>(`/api/whatsapp-accounts/${id}`, { signal }),
    ...fresh,
  });

/** WhatsApp is asked each time that the account is opened. */
export const accountCheckQuery = (id: number) =>
  queryOptions({
    queryKey: settingsKeys.accountCheck(id),
    queryFn: ({ signal }) => api.post<AccountCheck>(`/api/whatsapp-accounts/${id}/check`, { signal }),
    gcTime: 0,
    retry: false,
    ...fresh,
  });

export const addAccount = (account: NewAccount) =>
  api.post<Account>("/api/whatsapp-accounts", { body: account });

export const changeAccount = (id: number, change: AccountChange) =>
  api.patch<Account>(`/api/whatsapp-accounts/${id}`, { body: change });

export const disableAccount = (id: number) => api.delete(`/api/whatsapp-accounts/${id}`);

export const usersQuery = queryOptions({
  queryKey: settingsKeys.users,
  queryFn: ({ signal }) => whole<User>("/api/users", signal),
  ...fresh,
});

export const addUser = (user: { email: string; name: string; role: Role; password: string }) =>
  api.post<User>("/api/users", { body: user });

export const changeUser = (id: number, change: UserChange) =>
  api.patch<User>(`/api/users/${id}`, { body: change });

export const deactivateUser = (id: number) => api.delete(`/api/users/${id}`);

export const apiKeysQuery = queryOptions({
  queryKey: settingsKeys.apiKeys,
  queryFn: ({ signal }) => whole<ApiKey>("/api/api-keys", signal),
  ...fresh,
});

export const addApiKey = (key: { name: string; role: Role; expiresAt: string | null }) =>
  api.post<CreatedApiKey>("/api/api-keys", { body: key });

export const revokeApiKey = (id: number) => api.delete(`/api/api-keys/${id}`);

export const mediaSettingsQuery = queryOptions({
  queryKey: settingsKeys.media,
  queryFn: ({ signal }) => api.get<MediaSettings>("/api/settings/media", { signal }),
  ...fresh,
});

export const changeMediaSettings = (change: MediaSettingsChange) =>
  api.patch<MediaSettings>("/api/settings/media", { body: change });

export const policyPreviewQuery = (policy: MediaPolicy, accountId?: number) =>
  queryOptions({
    queryKey: settingsKeys.preview(policy, accountId),
    queryFn: ({ signal }) =>
      api.get<PolicyPreview>("/api/settings/media/preview", { query: { policy, accountId }, signal }),
    ...fresh,
  });

export const retentionPreviewQuery = ({ mode, days }: Retention, accountId?: number) =>
  queryOptions({
    queryKey: ["settings", "retention-preview", mode, days, accountId] as const,
    queryFn: ({ signal }) =>
      api.get<RetentionPreview>("/api/settings/media/retention-preview", {
        query: { mode, days, accountId },
        signal,
      }),
    ...fresh,
  });

export const eraseKept = (accountId?: number) =>
  api.post<StoredFiles>("/api/media/erase", { body: accountId === undefined ? {} : { accountId } });

export const usageQuery = queryOptions({
  queryKey: settingsKeys.usage,
  queryFn: async ({ signal }) => (await api.get<Page<Usage>>("/api/usage", { signal })).items,
  ...fresh,
});

export const storageCheckQuery = queryOptions({
  queryKey: settingsKeys.storageCheck,
  queryFn: ({ signal }) => api.get<StorageCheck>("/api/storage/check", { signal }),
  ...fresh,
});

const ACTIVITY_EVERY_MS = 5_000;

export const activityQuery = queryOptions({
  queryKey: settingsKeys.activity,
  queryFn: ({ signal }) => api.get<Activity>("/api/activity", { signal }),
  refetchInterval: ACTIVITY_EVERY_MS,
  ...fresh,
});

/** What the program needs to work. Where it says so only to its operators, null. */
export const readinessQuery = queryOptions({
  queryKey: settingsKeys.readiness,
  queryFn: async ({ signal }): Promise<Readiness | null> => {
    const response = await fetch("/readyz", { signal });
    const isAnswer = response.headers.get("Content-Type")?.includes("json") ?? false;
    return isAnswer ? ((await response.json()) as Readiness) : null;
  },
  refetchInterval: ACTIVITY_EVERY_MS,
  ...fresh,
});

export const sessionsQuery = queryOptions({
  queryKey: settingsKeys.sessions,
  queryFn: async ({ signal }) => (await api.get<Page<Session>>("/api/auth/sessions", { signal })).items,
  ...fresh,
});

export const endOwnSession = (id: number) => api.delete(`/api/auth/sessions/${id}`);

/** Looks at a file that is missing: what WhatsApp still has of it is stored again by that. */
export async function lookAt(mediaId: number): Promise<void> {
  const response = await fetch(`/api/media/${mediaId}/file`, {
    cache: "no-store",
    credentials: "same-origin",
  });
  if (!response.ok) throw await problemOf(response);
  await response.body?.cancel();
}

/** Many downloads may end within a second; the list of those that failed is asked for now and then instead. */
const FAILURES_EVERY_MS = 15_000;

export const failuresQuery = (fileType?: FileType) => ({
  ...pages<MediaFile>([...settingsKeys.failures, fileType], "/api/media", {
    downloadStatus: "failed",
    sort: "date",
    order: "desc",
    fileType,
  }),
  refetchInterval: FAILURES_EVERY_MS,
});

export const retryDownload = (mediaId: number) => api.post<MediaFile>(`/api/media/${mediaId}/download`);

export type RetryOutcome = { retried: number; succeeded: number; failed: number };

export const retryAllDownloads = () => api.post<RetryOutcome>("/api/media/retry", { body: {} });

export const webhookEventsQuery = pages<WebhookEvent>(settingsKeys.webhookEvents, "/api/webhook-events", {
  state: "parked",
});

export const retryWebhookEvent = (id: number) =>
  api.post<{ recorded: boolean; reason: string | null }>(`/api/webhook-events/${id}/retry`);

/** Of what the audit log is wanted; all of it where nothing is named. */
export type AuditFilter = { action?: string; who?: string; from?: string; to?: string };

export const auditQuery = (filter: AuditFilter) =>
  pages<AuditEntry>([...settingsKeys.audit, filter], "/api/audit", filter);

/** The log from the newest entry on, page by page, to be taken elsewhere. */
export async function* auditPages(filter: AuditFilter, signal: AbortSignal): AsyncGenerator<AuditEntry[]> {
  let cursor: string | undefined;
  do {
    const page: Page<AuditEntry> = await api.get("/api/audit", {
      query: { ...filter, cursor, limit: PAGE_MAX },
      signal,
    });
    yield page.items;
    cursor = page.hasMore ? (page.nextCursor ?? undefined) : undefined;
  } while (cursor !== undefined);
}
