-- A message may have several files: the key gets a part. Rows that an earlier program writes have part zero.
--
-- SQLite cannot change a constraint, so both tables are written again. The variants come first: dropping the table that they
-- point to would delete them. Ids stay, and none is given twice: the counters are taken over, too.
CREATE TABLE media_files_next (
    {id},
    company_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    conversation_id BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    -- The policy that applied when it came.
    policy TEXT NOT NULL,
    file_type TEXT NOT NULL,
    -- As WhatsApp declared it, and as the first bytes say.
    mime_type TEXT,
    detected_mime_type TEXT,
    file_name TEXT,
    -- The name in lower case, to sort by; empty where there is none.
    sort_name TEXT COLLATE "C" NOT NULL DEFAULT '',
    -- Declared until the file is stored, then counted.
    file_size BIGINT,
    -- The hash WhatsApp declared, and the hash of what is stored.
    declared_sha256 BYTEA,
    sha256 BYTEA,
    voice BOOLEAN NOT NULL DEFAULT FALSE,
    animated BOOLEAN NOT NULL DEFAULT FALSE,
    width BIGINT,
    height BIGINT,
    duration_ms BIGINT,
    thumbhash BYTEA,
    provider_media_id TEXT,
    -- The last temporary URL WhatsApp gave, and when. Never shown to a client.
    provider_url TEXT,
    provider_url_at BIGINT,
    -- Where the bytes are.
    storage_key TEXT,
    storage_backend TEXT,
    file_url TEXT,
    stored_at BIGINT,
    download_status TEXT NOT NULL DEFAULT 'pending',
    -- Starts that were not refunded.
    download_attempts BIGINT NOT NULL DEFAULT 0,
    bytes_downloaded BIGINT NOT NULL DEFAULT 0,
    -- When a worker may take it; null while none should.
    next_attempt_at BIGINT,
    -- Whether that time has come: what the claim looks for, in order of expiry.
    due BOOLEAN NOT NULL DEFAULT FALSE,
    -- Who downloads it now, until when, and a number that grows with every claim and fences off earlier owners.
    lease_owner TEXT,
    lease_until BIGINT,
    lease_number BIGINT NOT NULL DEFAULT 0,
    -- When WhatsApp will have forgotten it.
    expires_at BIGINT NOT NULL,
    last_error_code TEXT,
    last_error TEXT,
    last_error_retryable BOOLEAN NOT NULL DEFAULT FALSE,
    -- The hash that came instead of the declared one, and how often running.
    mismatch_sha256 BYTEA,
    mismatch_count BIGINT NOT NULL DEFAULT 0,
    integrity TEXT,
    scan_status TEXT NOT NULL DEFAULT 'unscanned',
    last_accessed_at BIGINT,
    -- Null when it came in by webhook.
    uploaded_by BIGINT,
    -- False once deleted: the record stays, the bytes go.
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    deleted_by BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    -- Which of the names that a file's bytes may have the next store of it uses.
    key_generation BIGINT NOT NULL DEFAULT 0,
    -- What the media host says of a running download's length.
    announced_size BIGINT,
    -- Zero is the message's own media; further ones are files that a form, a header or a carousel names.
    part BIGINT NOT NULL DEFAULT 0,
    {key},
    CONSTRAINT media_files_part_key UNIQUE (company_id, message_id, part),
    CONSTRAINT media_files_message_fkey FOREIGN KEY (company_id, message_id)
        REFERENCES messages (company_id, id) ON DELETE CASCADE,
    CONSTRAINT media_files_conversation_fkey FOREIGN KEY (company_id, account_id, conversation_id)
        REFERENCES conversations (company_id, account_id, id) ON DELETE CASCADE,
    CONSTRAINT media_files_policy_check CHECK (policy IN ('store', 'on_view', 'stream')),
    CONSTRAINT media_files_file_type_check CHECK (file_type IN ('image', 'video', 'audio', 'document', 'sticker')),
    CONSTRAINT media_files_file_size_check CHECK (file_size >= 0),
    CONSTRAINT media_files_storage_backend_check CHECK (storage_backend IN ('local', 's3', 'r2')),
    CONSTRAINT media_files_download_status_check CHECK (download_status IN ('pending', 'downloading', 'completed',
        'failed')),
    CONSTRAINT media_files_integrity_check CHECK (integrity IN ('verified', 'mismatch', 'undeclared')),
    CONSTRAINT media_files_scan_status_check CHECK (scan_status IN ('unscanned', 'clean', 'quarantined', 'released')),
    -- Completed means that storage has the whole file and the row says where, how long and with which hash.
    CONSTRAINT media_files_completed_check CHECK (download_status <> 'completed'
        OR (storage_key IS NOT NULL AND storage_backend IS NOT NULL AND file_size IS NOT NULL AND sha256 IS NOT NULL)),
    CONSTRAINT media_files_lease_check CHECK (download_status <> 'downloading'
        OR (lease_owner IS NOT NULL AND lease_until IS NOT NULL)),
    -- Only what is unfinished and still wanted is queued.
    CONSTRAINT media_files_due_check CHECK (NOT due OR next_attempt_at IS NOT NULL),
    CONSTRAINT media_files_queued_check CHECK (next_attempt_at IS NULL
        OR (is_active AND download_status IN ('pending', 'failed')))
) {strict};
INSERT INTO media_files_next (id, company_id, account_id, conversation_id, message_id, policy, file_type, mime_type, detected_mime_type,
    file_name, sort_name, file_size, declared_sha256, sha256, voice, animated, width, height, duration_ms,
    thumbhash, provider_media_id, provider_url, provider_url_at, storage_key, storage_backend, file_url,
    stored_at, download_status, download_attempts, bytes_downloaded, next_attempt_at, due, lease_owner,
    lease_until, lease_number, expires_at, last_error_code, last_error, last_error_retryable, mismatch_sha256,
    mismatch_count, integrity, scan_status, last_accessed_at, uploaded_by, is_active, deleted_by, created_at,
    updated_at, key_generation, announced_size)
    SELECT id, company_id, account_id, conversation_id, message_id, policy, file_type, mime_type, detected_mime_type,
    file_name, sort_name, file_size, declared_sha256, sha256, voice, animated, width, height, duration_ms,
    thumbhash, provider_media_id, provider_url, provider_url_at, storage_key, storage_backend, file_url,
    stored_at, download_status, download_attempts, bytes_downloaded, next_attempt_at, due, lease_owner,
    lease_until, lease_number, expires_at, last_error_code, last_error, last_error_retryable, mismatch_sha256,
    mismatch_count, integrity, scan_status, last_accessed_at, uploaded_by, is_active, deleted_by, created_at,
    updated_at, key_generation, announced_size
    FROM media_files;
CREATE TABLE media_variants_next (
    {id},
    company_id BIGINT NOT NULL,
    media_id BIGINT NOT NULL,
    -- Like thumbnail, poster or waveform.
    kind TEXT NOT NULL,
    storage_key TEXT NOT NULL,
    storage_backend TEXT NOT NULL,
    mime_type TEXT NOT NULL,
    file_size BIGINT NOT NULL,
    width BIGINT,
    height BIGINT,
    duration_ms BIGINT,
    created_at BIGINT NOT NULL,
    {key},
    CONSTRAINT media_variants_kind_key UNIQUE (company_id, media_id, kind),
    CONSTRAINT media_variants_media_fkey FOREIGN KEY (company_id, media_id)
        REFERENCES media_files_next (company_id, id) ON DELETE CASCADE,
    CONSTRAINT media_variants_storage_backend_check CHECK (storage_backend IN ('local', 's3', 'r2')),
    CONSTRAINT media_variants_file_size_check CHECK (file_size >= 0)
) {strict};
INSERT INTO media_variants_next (id, company_id, media_id, kind, storage_key, storage_backend, mime_type, file_size, width, height, duration_ms, created_at)
    SELECT id, company_id, media_id, kind, storage_key, storage_backend, mime_type, file_size, width, height, duration_ms, created_at
    FROM media_variants;
DELETE FROM sqlite_sequence WHERE name IN ('media_files_next', 'media_variants_next');
INSERT INTO sqlite_sequence (name, seq)
    SELECT name || '_next', seq FROM sqlite_sequence WHERE name IN ('media_files', 'media_variants');
DROP TABLE media_variants;
DROP TABLE media_files;
-- What points to it follows.
ALTER TABLE media_files_next RENAME TO media_files;
ALTER TABLE media_variants_next RENAME TO media_variants;
-- The claim: what is due for an account, nearest expiry first.
CREATE INDEX media_files_due ON media_files (company_id, account_id, expires_at, id) WHERE due;
-- What becomes due next.
CREATE INDEX media_files_waiting ON media_files (next_attempt_at, id) WHERE NOT due AND next_attempt_at IS NOT NULL;
-- Running downloads: the caps of a company and an account.
CREATE INDEX media_files_running ON media_files (company_id, account_id) WHERE download_status = 'downloading';
-- Leases that ran out.
CREATE INDEX media_files_leases ON media_files (lease_until) WHERE download_status = 'downloading';
-- Failed downloads of a company that a retry may help.
CREATE INDEX media_files_failed ON media_files (company_id, download_attempts, id)
    WHERE is_active AND download_status = 'failed' AND last_error_retryable;
-- What may still be saved: expiry, backfill, and the warning a day before.
CREATE INDEX media_files_unsaved ON media_files (expires_at, id)
    WHERE is_active AND (download_status = 'pending' OR (download_status = 'failed' AND last_error_retryable));
-- Lists of a company and of a conversation, by date, by size and by name.
CREATE INDEX media_files_by_date ON media_files (company_id, created_at DESC, id DESC) WHERE is_active;
CREATE INDEX media_files_by_size ON media_files (company_id, COALESCE(file_size, 0) DESC, id DESC) WHERE is_active;
CREATE INDEX media_files_by_name ON media_files (company_id, sort_name DESC, id DESC) WHERE is_active;
CREATE INDEX media_files_conversation_by_date ON media_files (company_id, conversation_id, created_at DESC, id DESC);
CREATE INDEX media_files_conversation_by_size ON media_files (company_id, conversation_id,
    COALESCE(file_size, 0) DESC, id DESC) WHERE is_active;
CREATE INDEX media_files_conversation_by_name ON media_files (company_id, conversation_id, sort_name DESC, id DESC)
    WHERE is_active;
-- The proxy, which is asked by WhatsApp's media id.
CREATE INDEX media_files_provider_media_id ON media_files (company_id, provider_media_id);
-- The same bytes more than once.
CREATE INDEX media_files_sha256 ON media_files (company_id, sha256) WHERE sha256 IS NOT NULL;
-- Imported rows whose media id has still to be found.
CREATE INDEX media_files_unresolved ON media_files (company_id, expires_at, id)
    WHERE provider_media_id IS NULL AND is_active;
{postgres}
ALTER TABLE media_files ADD COLUMN part BIGINT NOT NULL DEFAULT 0;
ALTER TABLE media_files ADD CONSTRAINT media_files_part_key UNIQUE (company_id, message_id, part);
ALTER TABLE media_files DROP CONSTRAINT media_files_message_key;
