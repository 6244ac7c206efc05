-- Written for Postgres; the store turns it into SQLite's words (src/dialect.rs): {id} is an identity column, {key} the
-- primary key of a tenant table, which on Postgres starts with the company so that tables can be distributed by it.
-- Times are milliseconds since 1970 in UTC.

CREATE TABLE companies (
    {id},
    name TEXT NOT NULL,
    -- The short name used in commands.
    slug TEXT NOT NULL,
    -- What happens to media when a message arrives; accounts may override it.
    media_policy TEXT NOT NULL,
    -- Days after which stored bytes go; null keeps them.
    retention_days BIGINT,
    -- Whether views of media are written to the audit log.
    audit_views BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    {root_key},
    CONSTRAINT companies_slug_key UNIQUE (slug),
    CONSTRAINT companies_media_policy_check CHECK (media_policy IN ('store', 'on_view', 'stream')),
    CONSTRAINT companies_retention_days_check CHECK (retention_days IS NULL OR retention_days > 0)
) {strict};

CREATE TABLE users (
    {id},
    company_id BIGINT NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    -- In lower case, and of one company only, since people log in by it alone.
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    -- argon2id in its text form.
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    -- Who is not active cannot log in, and has no session that holds.
    active BOOLEAN NOT NULL DEFAULT TRUE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    {key},
    CONSTRAINT users_email_key UNIQUE (email),
    CONSTRAINT users_role_check CHECK (role IN ('viewer', 'agent', 'manager', 'admin'))
) {strict};

CREATE TABLE sessions (
    {id},
    company_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    -- SHA-256 of the cookie's token.
    token_hash BYTEA NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    {key},
    CONSTRAINT sessions_token_hash_key UNIQUE (token_hash),
    CONSTRAINT sessions_user_fkey FOREIGN KEY (company_id, user_id)
        REFERENCES users (company_id, id) ON DELETE CASCADE
) {strict};
-- All sessions of a person, to end them.
CREATE INDEX sessions_user ON sessions (company_id, user_id);
-- Ended sessions, to prune them.
CREATE INDEX sessions_expires ON sessions (expires_at);

CREATE TABLE api_keys (
    {id},
    company_id BIGINT NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    -- SHA-256 of the key.
    token_hash BYTEA NOT NULL,
    -- The first characters of the key, to recognise it by.
    prefix TEXT NOT NULL,
    last_used_at BIGINT,
    expires_at BIGINT,
    revoked_at BIGINT,
    created_at BIGINT NOT NULL,
    {key},
    CONSTRAINT api_keys_token_hash_key UNIQUE (token_hash),
    CONSTRAINT api_keys_role_check CHECK (role IN ('viewer', 'agent', 'manager', 'admin'))
) {strict};
-- A name may be used again once its key was revoked.
CREATE UNIQUE INDEX api_keys_name_key ON api_keys (company_id, name) WHERE revoked_at IS NULL;

CREATE TABLE whatsapp_accounts (
    {id},
    company_id BIGINT NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    -- Who carries the messages.
    provider TEXT NOT NULL DEFAULT 'meta',
    phone_number_id TEXT NOT NULL,
    -- The WhatsApp Business Account it belongs to; some webhooks name only that.
    waba_id TEXT,
    aws_phone_number_id TEXT,
    display_phone_number TEXT,
    name TEXT NOT NULL,
    -- Secrets, encrypted with the installation's key.
    access_token BYTEA,
    app_secret BYTEA,
    verify_token BYTEA,
    -- Null follows the company.
    media_policy TEXT,
    status TEXT NOT NULL DEFAULT 'active',
    -- No download of this account starts before that time, because WhatsApp asked to wait.
    paused_until BIGINT,
    last_error_code TEXT,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    {key},
    -- Webhooks name an account by this alone.
    CONSTRAINT whatsapp_accounts_phone_number_id_key UNIQUE (phone_number_id),
    CONSTRAINT whatsapp_accounts_provider_check CHECK (provider IN ('meta', 'aws', 'dialog360')),
    CONSTRAINT whatsapp_accounts_media_policy_check CHECK (media_policy IN ('store', 'on_view', 'stream')),
    CONSTRAINT whatsapp_accounts_status_check CHECK (status IN ('active', 'needs_token', 'disabled'))
) {strict};
-- Signatures of webhooks that name only the business account.
CREATE INDEX whatsapp_accounts_waba ON whatsapp_accounts (waba_id);

-- Whose turn it is to download: the number grows each time an account gets one. Apart from the accounts, because every claim writes
-- here and every new message looks there.
CREATE TABLE download_turns (
    company_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    turn BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (company_id, account_id),
    CONSTRAINT download_turns_account_fkey FOREIGN KEY (company_id, account_id)
        REFERENCES whatsapp_accounts (company_id, id) ON DELETE CASCADE
) {strict};

CREATE TABLE audit_log (
    {id},
    company_id BIGINT NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    -- A user, a key or the command line.
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    -- Which record it was done to.
    record TEXT,
    -- From where.
    ip TEXT,
    created_at BIGINT NOT NULL,
    {key}
) {strict};
-- The log, newest first.
CREATE INDEX audit_log_newest ON audit_log (company_id, created_at DESC, id DESC);
