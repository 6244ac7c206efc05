// The settings of the mock: accounts, people, keys, policy, use, checks and the audit log.

const DAY_MS = 86_400_000;
const ago = (ms) => new Date(Date.now() - ms).toISOString();
const LIMITS = {
  inbound: {
    image: 104_857_600,
    video: 104_857_600,
    audio: 104_857_600,
    document: 104_857_600,
    sticker: 104_857_600,
  },
  outbound: {
    image: 5_000_000,
    video: 16_000_000,
    audio: 16_000_000,
    document: 100_000_000,
    sticker: 500_000,
  },
};
/** A token that WhatsApp refuses. */
const REFUSED = "refused";
const ROLES = ["viewer", "agent", "manager", "admin"];

export function makeSettings(data, { page, Problem, fail, me, download }) {
  const accounts = makeAccounts();
  const users = makeUsers(me);
  const keys = makeKeys();
  const audit = makeAudit();
  const parked = makeParked();
  const logins = [
    { id: 1, isCurrent: true, createdAt: ago(3_600_000), lastUsedAt: ago(60_000) },
    { id: 2, isCurrent: false, createdAt: ago(9 * DAY_MS), lastUsedAt: ago(2 * DAY_MS) },
  ].map((session) => ({ ...session, expiresAt: new Date(Date.now() + 5 * DAY_MS).toISOString() }));
  let policy = "store";
  let retention = { mode: "forever", days: null };
  let auditViews = false;
  let ids = 1000;

  const needs = (role) => {
    if (ROLES.indexOf(me.role) < ROLES.indexOf(role))
      throw new Problem(403, "forbidden", `This needs the role ${role}.`);
  };
  const wrong = (field, message) =>
    new Problem(400, "validation_error", `${field} ${message}`, { errors: [{ field, message }] });
  const note = (action, record) => {
    ids += 1;
    audit.unshift({ id: ids, who: `user:${me.id}`, action, record, ip: "127.0.0.1", createdAt: ago(0) });
  };
  const of = (list, id) => list.find((item) => item.id === Number(id)) ?? fail();
  const answers = (role, handler) => (params, request) => {
    needs(role);
    return handler(params, request);
  };

  function settings() {
    const days = retention.mode === "days_after_stored" ? retention.days : null;
    return { policy, retention, retentionDays: days, auditViews, limits: LIMITS };
  }

  function changeSettings(change) {
    const { days, mode } = change.retention ?? {};
    if (mode === "archive_after")
      throw wrong("retention", "needs an archive, which this installation has not");
    if (mode && mode !== "forever" && !(days >= 1)) throw wrong("retention.days", "must be a whole number");
    policy = change.policy ?? policy;
    retention = change.retention ? { mode, days: days ?? null } : retention;
    auditViews = change.auditViews ?? auditViews;
    note("media_settings.changed", "company:1");
    return settings();
  }

  function tally(accept) {
    const found = [...data.media.values()].filter((media) => media.isActive && accept(media));
    return { files: found.length, bytes: found.reduce((sum, media) => sum + (media.fileSize ?? 0), 0) };
  }

  function preview(query) {
    const wanted = query.get("policy") ?? policy;
    const stored = tally((media) => media.downloadStatus === "completed");
    return {
      policy: wanted,
      stored,
      onlyHere: { files: Math.floor(stored.files / 5), bytes: Math.floor(stored.bytes / 5) },
      notHere: tally((media) => media.downloadStatus !== "completed"),
      notHereThen: { store: "downloaded", on_view: "kept_when_viewed", stream: "streamed" }[wanted],
      offersErasing: wanted === "stream" && stored.files > 0,
    };
  }

  function addAccount(body) {
    if (!/^\d{1,32}$/.test(body.phoneNumberId ?? "")) throw wrong("phoneNumberId", "must be 1 to 32 digits");
    if (!body.name) throw wrong("name", "must have 1 to 200 characters");
    if (!body.accessToken)
      throw wrong("accessToken", "must be 1 to 4096 printable characters without spaces");
    if (body.accessToken === REFUSED)
      throw new Problem(409, "conflict", "WhatsApp refuses this token for the number; nothing was added");
    ids += 1;
    const account = accountOf(ids, body);
    accounts.push(account);
    note("account.created", `account:${ids}`);
    return { status: 201, body: account };
  }

  function changeAccount(account, change) {
    if (change.name === "") throw wrong("name", "must have 1 to 200 characters");
    if (change.accessToken === "")
      throw wrong("accessToken", "must be 1 to 4096 printable characters without spaces");
    if (change.accessToken === REFUSED) throw new Problem(409, "conflict", "WhatsApp refuses this token");
    const { accessToken, appSecret, verifyToken, ...rest } = change;
    Object.assign(account, rest);
    if (accessToken) Object.assign(account, { status: "active", lastError: null, hasAccessToken: true });
    if (appSecret) account.hasAppSecret = true;
    if (verifyToken) account.hasVerifyToken = true;
    account.effectiveMediaPolicy = account.mediaPolicy ?? policy;
    note("account.changed", `account:${account.id}`);
    return account;
  }

  function addUser(body) {
    if (!/@/.test(body.email)) throw wrong("email", "must be an e-mail address");
    if (!body.name) throw wrong("name", "must have 1 to 200 characters");
    if ((body.password ?? "").length < 8) throw wrong("password", "must have at least 8 characters");
    if (users.some(({ email }) => email === body.email))
      throw new Problem(409, "conflict", "a user with this e-mail exists already");
    ids += 1;
    const { email, name, role } = body;
    const user = {
      id: ids,
      companyId: 1,
      email,
      name,
      role,
      active: true,
      createdAt: ago(0),
      updatedAt: ago(0),
    };
    users.push(user);
    note("user.created", `user:${ids}`);
    return { status: 201, body: user };
  }

  function changeUser(user, { name, role, active, password }) {
    if (name === "") throw wrong("name", "must have 1 to 200 characters");
    if (password !== undefined && password.length < 8)
      throw wrong("password", "must have at least 8 characters");
    Object.assign(user, { name: name ?? user.name, role: role ?? user.role, active: active ?? user.active });
    note("user.changed", `user:${user.id}`);
    return user;
  }

  function addKey({ name, role, expiresAt }) {
    if (!name) throw wrong("name", "must have 1 to 200 characters");
    ids += 1;
    const key = {
      id: ids,
      name,
      role,
      prefix: `mdy_${ids}`,
      expiresAt: expiresAt ?? null,
      lastUsedAt: null,
      revokedAt: null,
      createdAt: ago(0),
    };
    keys.unshift(key);
    note("api_key.created", `api_key:${ids}`);
    return { status: 201, body: { ...key, key: `${key.prefix}${crypto.randomUUID().replaceAll("-", "")}` } };
  }

  function auditList(query) {
    const [action, who, from, to] = ["action", "who", "from", "to"].map((name) => query.get(name));
    const found = audit.filter(
      (entry) =>
        (!action || entry.action === action) &&
        (!who || entry.who === who) &&
        (!from || entry.createdAt >= from) &&
        (!to || entry.createdAt < to),
    );
    return page(found, query);
  }

  function retryParked(id) {
    const event = of(parked, id);
    note("webhook_event.retried", `webhook_event:${id}`);
    if (event.attempts > 5) {
      event.attempts += 1;
      return { recorded: false, reason: event.reason };
    }
    parked.splice(parked.indexOf(event), 1);
    return { recorded: true, reason: null };
  }

  function retryAll() {
    const failed = [...data.media.values()].filter((media) => media.downloadStatus === "failed");
    const helped = failed.filter((media) => media.lastError?.retryable);
    for (const media of helped) download(media);
    note("media.retried", "company:1");
    return { retried: helped.length, succeeded: 0, failed: 0 };
  }

  function retentionPreview(query) {
    const [mode, days] = [query.get("mode"), Number(query.get("days"))];
    if (mode === "archive_after")
      throw wrong("retention", "needs an archive, which this installation has not");
    const stored = tally((media) => media.downloadStatus === "completed");
    const share = (n) => Math.round(n / Math.max(1, days / 2));
    const ended =
      days > 300 ? { files: 0, bytes: 0 } : { files: share(stored.files), bytes: share(stored.bytes) };
    return { retention: { mode, days }, ended };
  }

  function activity() {
    const count = (status) =>
      [...data.media.values()].filter((media) => media.downloadStatus === status).length;
    return {
      downloads: {
        waiting: count("pending"),
        waitingSince: count("pending") > 0 ? ago(3 * 60_000) : null,
        running: count("downloading"),
        failed: count("failed"),
        expiringWithinADay: 2,
      },
      parkedEvents: parked.length,
    };
  }

  const routes = [
    ["GET", "/api/whatsapp-accounts", answers("admin", (_, { query }) => page(accounts, query))],
    ["POST", "/api/whatsapp-accounts", answers("admin", (_, { body }) => addAccount(body))],
    ["GET", "/api/whatsapp-accounts/:id", answers("admin", ([id]) => of(accounts, id))],
    [
      "PATCH",
      "/api/whatsapp-accounts/:id",
      answers("admin", ([id], { body }) => changeAccount(of(accounts, id), body)),
    ],
    [
      "DELETE",
      "/api/whatsapp-accounts/:id",
      answers("admin", ([id]) => {
        of(accounts, id).status = "disabled";
        note("account.disabled", `account:${id}`);
      }),
    ],
    ["GET", "/api/users", answers("admin", (_, { query }) => page(users, query))],
    ["POST", "/api/users", answers("admin", (_, { body }) => addUser(body))],
    ["PATCH", "/api/users/:id", answers("admin", ([id], { body }) => changeUser(of(users, id), body))],
    [
      "DELETE",
      "/api/users/:id",
      answers("admin", ([id]) => {
        of(users, id).active = false;
        note("user.deactivated", `user:${id}`);
      }),
    ],
    ["GET", "/api/api-keys", answers("admin", (_, { query }) => page(keys, query))],
    ["POST", "/api/api-keys", answers("admin", (_, { body }) => addKey(body))],
    [
      "DELETE",
      "/api/api-keys/:id",
      answers("admin", ([id]) => {
        of(keys, id).revokedAt = ago(0);
        note("api_key.revoked", `api_key:${id}`);
      }),
    ],
    ["GET", "/api/settings/media", settings],
    ["PATCH", "/api/settings/media", answers("manager", (_, { body }) => changeSettings(body))],
    ["GET", "/api/settings/media/preview", answers("manager", (_, { query }) => preview(query))],
    [
      "POST",
      "/api/media/erase",
      answers("manager", () => ({
        status: 202,
        body: tally((media) => media.downloadStatus === "completed"),
      })),
    ],
    [
      "GET",
      "/api/usage",
      answers("manager", () => ({ items: makeUsage(), nextCursor: null, hasMore: false })),
    ],
    ["GET", "/api/storage/check", answers("manager", makeCheck)],
    ["POST", "/api/media/retry", answers("manager", retryAll)],
    ["GET", "/api/webhook-events", answers("admin", (_, { query }) => page(parked, query))],
    ["POST", "/api/webhook-events/:id/retry", answers("admin", ([id]) => retryParked(id))],
    ["POST", "/api/whatsapp-accounts/:id/check", answers("admin", ([id]) => checkOf(of(accounts, id)))],
    [
      "GET",
      "/api/settings/media/retention-preview",
      answers("manager", (_, { query }) => retentionPreview(query)),
    ],
    ["GET", "/api/activity", answers("manager", activity)],
    ["GET", "/api/auth/sessions", () => ({ items: logins, nextCursor: null, hasMore: false })],
    [
      "DELETE",
      "/api/auth/sessions/:id",
      ([id]) => {
        logins.splice(logins.indexOf(of(logins, id)), 1);
      },
    ],
    ["GET", "/api/audit", answers("admin", (_, { query }) => auditList(query))],
  ];
  return { routes };
}

function checkOf(account) {
  const works = { outcome: "works", detail: null };
  if (account.status === "needs_token") {
    const token = {
      outcome: "fails",
      detail: "WhatsApp refuses the access token; give the account a new one",
    };
    return {
      token,
      businessAccount: { outcome: "unknown", detail: "it needs a working token" },
      subscription: { outcome: "unknown", detail: "it needs a working token" },
      lastReceivedAt: null,
    };
  }
  const unknown = { outcome: "unknown", detail: "it needs the id of the business account" };
  return {
    token: works,
    businessAccount: account.wabaId ? works : unknown,
    subscription: account.wabaId ? works : unknown,
    lastReceivedAt: account.id === 1 ? ago(4 * 60_000) : null,
  };
}

function accountOf(id, body) {
  return {
    id,
    companyId: 1,
    provider: body.provider ?? "meta",
    phoneNumberId: body.phoneNumberId,
    wabaId: body.wabaId ?? null,
    awsPhoneNumberId: body.awsPhoneNumberId ?? null,
    awsRegion: body.awsRegion ?? null,
    awsBucket: body.awsBucket ?? null,
    awsTopicArn: body.awsTopicArn ?? null,
    displayPhoneNumber: body.displayPhoneNumber ?? null,
    name: body.name,
    hasAccessToken: true,
    hasAppSecret: Boolean(body.appSecret),
    hasVerifyToken: Boolean(body.verifyToken),
    mediaPolicy: body.mediaPolicy ?? null,
    retention: null,
    effectiveMediaPolicy: body.mediaPolicy ?? "store",
    status: "active",
    pausedUntil: null,
    lastError: null,
    createdAt: ago(0),
    updatedAt: ago(0),
  };
}

function makeAccounts() {
  const support = accountOf(1, {
    phoneNumberId: "106540352242922",
    wabaId: "102290129340398",
    displayPhoneNumber: "+1 555 078 3881",
    name: "Support",
    appSecret: "x",
    verifyToken: "x",
  });
  const sales = accountOf(2, {
    phoneNumberId: "106540352242923",
    displayPhoneNumber: "+34 612 34 56 78",
    name: "Ventas España",
    mediaPolicy: "on_view",
  });
  Object.assign(sales, {
    status: "needs_token",
    lastError: {
      code: "provider_unauthorized",
      message: "WhatsApp refused the access token: it expired on 2026-11-28",
    },
  });
  const old = accountOf(3, {
    phoneNumberId: "106540352242924",
    displayPhoneNumber: "+971 4 555 0199",
    name: "خدمة العملاء",
    mediaPolicy: "stream",
  });
  old.status = "disabled";
  return [support, sales, old];
}

function makeUsers(me) {
  const user = (id, name, email, role, active = true) => ({
    id,
    companyId: 1,
    email,
    name,
    role,
    active,
    createdAt: ago(90 * DAY_MS),
    updatedAt: ago(DAY_MS),
  });
  return [
    user(me.id, me.name, me.email, me.role),
    user(2, "Ana María Fernández", "ana@example.com", "manager"),
    user(3, "ليلى حداد", "layla@example.com", "agent"),
    user(
      4,
      "Noor van der Berg-Schimmelpenninck",
      "noor.van.der.berg@a-rather-long-company-name.example",
      "viewer",
    ),
    user(5, "Sam Former", "sam@example.com", "agent", false),
  ];
}

function makeKeys() {
  const key = (id, name, role, more = {}) => ({
    id,
    name,
    role,
    prefix: `mdy_7Qk${id}`,
    expiresAt: null,
    lastUsedAt: null,
    revokedAt: null,
    createdAt: ago(60 * DAY_MS),
    ...more,
  });
  return [
    key(1, "CRM", "agent", { lastUsedAt: ago(4 * 60_000) }),
    key(2, "Nightly backup", "viewer", {
      lastUsedAt: ago(9 * 3_600_000),
      expiresAt: new Date(Date.now() + 40 * DAY_MS).toISOString(),
    }),
    key(3, "Old website", "viewer", { revokedAt: ago(12 * DAY_MS) }),
  ];
}

const ACTIONS = [
  ["user:1", "session.created", "user:1"],
  ["user:2", "media.download_requested", "media:31"],
  ["api_key:1", "link.created", "media:12"],
  ["command_line", "account.changed", "account:1"],
  ["user:3", "media.deleted", "media:44"],
  ["user:1", "user.changed", "user:4"],
  ["user:2", "media.retried", "company:1"],
  ["user:1", "api_key.created", "api_key:2"],
];

function makeAudit() {
  return Array.from({ length: 180 }, (_, at) => {
    const [who, action, record] = ACTIONS[at % ACTIONS.length];
    return {
      id: 900 - at,
      who,
      action,
      record,
      ip: who === "command_line" ? null : `203.0.113.${(at % 60) + 3}`,
      createdAt: ago(at * 5_400_000 + 600_000),
    };
  });
}

function makeParked() {
  const event = (id, reason, attempts, nextAttemptAt) => ({
    id,
    accountId: (id % 2) + 1,
    reason,
    attempts,
    nextAttemptAt,
    receivedAt: ago(id * 3_600_000),
    parkedAt: ago(id * 3_600_000),
  });
  const soon = new Date(Date.now() + 20 * 60_000).toISOString();
  return [
    event(3, "the message names a contact without a number", 2, soon),
    event(2, "the timestamp lies in the year 2084", 9, null),
    event(1, "a field of the message is longer than 1 MiB", 0, soon),
  ];
}

function makeUsage() {
  const shares = { image: 5, video: 9, audio: 2, document: 3, sticker: 0.2 };
  const now = new Date();
  return Array.from({ length: 14 }, (_, back) => {
    const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 13 + back, 1));
    return Object.entries(shares).map(([fileType, share]) => ({
      month: month.toISOString().slice(0, 7),
      fileType,
      files: Math.round(share * 40 * (1 + back / 6)),
      bytes: Math.round(share * 90_000_000 * (1 + back / 5) * (1 + Math.sin(back * share) / 3)),
    }));
  }).flat();
}

function makeCheck() {
  return {
    startedAt: ago(7 * 3_600_000),
    finishedAt: ago(7 * 3_600_000 - 240_000),
    whole: 18_204,
    missing: { count: 2, first: [31, 44] },
    wrong: { count: 0, first: [] },
    untracked: { count: 1, first: ["media/1/77/1098276350912"] },
    removed: 0,
  };
}
