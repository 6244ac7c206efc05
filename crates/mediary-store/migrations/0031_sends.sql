-- Messages of ours as jobs: one row for each, by its message's id. Which of them a claim may take is argued in src/sends/mod.rs.
CREATE TABLE sends (
    company_id BIGINT NOT NULL,
    -- Its message's id.
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    -- Whose order it keeps. It follows its message while it waits or runs.
    conversation_id BIGINT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    -- When a worker may take it; null while it runs or is over, and while it sleeps: an earlier one of its conversation is not over.
    due_at BIGINT,
    -- Starts that were not refunded, since it was queued.
    attempts BIGINT NOT NULL DEFAULT 0,
    -- When the call to WhatsApp began that has no answer yet, or had the last one.
    asked_at BIGINT,
    -- What WhatsApp's request is made of, as JSON.
    content TEXT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT,
    lease_number BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, id),
    CONSTRAINT sends_message_fkey FOREIGN KEY (company_id, id) REFERENCES messages (company_id, id) ON DELETE CASCADE,
    CONSTRAINT sends_state_check CHECK (state IN ('waiting', 'running', 'done', 'failed', 'unknown')),
    CONSTRAINT sends_due_check CHECK (due_at IS NULL OR state = 'waiting'),
    CONSTRAINT sends_asked_check CHECK (state <> 'unknown' OR asked_at IS NOT NULL),
    CONSTRAINT sends_lease_check CHECK (state <> 'running' OR (lease_owner IS NOT NULL AND lease_until IS NOT NULL))
) {strict};
-- What becomes due next.
CREATE INDEX sends_waiting ON sends (due_at, id) WHERE state = 'waiting' AND due_at IS NOT NULL;
-- Leases that ran out.
CREATE INDEX sends_leases ON sends (lease_until, id) WHERE state = 'running';
-- The claim, account by account.
CREATE INDEX sends_due ON sends (company_id, account_id, due_at, id) WHERE state = 'waiting' AND due_at IS NOT NULL;
-- What an account sends now.
CREATE INDEX sends_running ON sends (company_id, account_id, id) WHERE state = 'running';
-- The order of a conversation, and what of it is being sent now.
CREATE INDEX sends_conversation ON sends (company_id, conversation_id, id) WHERE state IN ('waiting', 'running');
CREATE INDEX sends_conversation_running ON sends (company_id, conversation_id, id) WHERE state = 'running';

-- What a program calls a message that it sends: the same again is the same message.
ALTER TABLE messages ADD COLUMN client_id TEXT;
CREATE UNIQUE INDEX messages_client_id_key ON messages (company_id, client_id) WHERE client_id IS NOT NULL;

-- Whether its bytes came from us, under the key of an upload, which names no message.
ALTER TABLE media_files ADD COLUMN uploaded BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX media_files_uploads ON media_files (company_id, storage_key) WHERE uploaded;

-- WhatsApp's ids of files that it has from us, so that none is sent to it twice while it keeps them.
CREATE TABLE media_ids (
    company_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    sha256 BYTEA NOT NULL,
    mime_type TEXT NOT NULL,
    -- Empty where it has none.
    file_name TEXT NOT NULL,
    provider_media_id TEXT NOT NULL,
    -- When WhatsApp forgets it.
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, account_id, sha256, mime_type, file_name),
    CONSTRAINT media_ids_account_fkey FOREIGN KEY (company_id, account_id)
        REFERENCES whatsapp_accounts (company_id, id) ON DELETE CASCADE
) {strict};
-- What WhatsApp has forgotten.
CREATE INDEX media_ids_expires ON media_ids (expires_at);

-- How fast each account sends: what began in this second.
CREATE TABLE send_paces (
    company_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    -- Since 1970.
    second BIGINT NOT NULL,
    begun BIGINT NOT NULL,
    -- What WhatsApp takes, as far as is known.
    per_second BIGINT NOT NULL,
    -- When it last refused more.
    slowed_second BIGINT NOT NULL,
    PRIMARY KEY (company_id, account_id),
    CONSTRAINT send_paces_account_fkey FOREIGN KEY (company_id, account_id)
        REFERENCES whatsapp_accounts (company_id, id) ON DELETE CASCADE
) {strict};
