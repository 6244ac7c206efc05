-- What is made of stored files, as jobs: one for each file that was stored since this step. Those before have none until somebody asks.
CREATE TABLE derivations (
    company_id BIGINT NOT NULL,
    -- Its media file's id.
    id BIGINT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    -- What is next, or runs: all that takes seconds, or one of those that take minutes and have a lane of their own.
    step TEXT NOT NULL DEFAULT 'short',
    -- When a worker may take it; null while it runs or is over, and while its file is not stored.
    due_at BIGINT,
    -- Starts since it was queued.
    attempts BIGINT NOT NULL DEFAULT 0,
    -- Starts since one came to an end that was recorded: those before this one died.
    begun BIGINT NOT NULL DEFAULT 0,
    -- The recipe of the last result.
    version BIGINT,
    -- Why the last attempt failed, as a sentence.
    error TEXT,
    -- What the short step could not make, while a long one is still to come.
    missing TEXT,
    -- Pages of a document.
    pages BIGINT,
    -- The people on a contact card, a line each.
    names TEXT,
    -- Why nothing that browsers play can be made of it, like "HEVC".
    unplayable TEXT,
    lease_owner TEXT,
    lease_until BIGINT,
    lease_number BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (company_id, id),
    CONSTRAINT derivations_media_fkey FOREIGN KEY (company_id, id)
        REFERENCES media_files (company_id, id) ON DELETE CASCADE,
    CONSTRAINT derivations_state_check CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    CONSTRAINT derivations_step_check CHECK (step IN ('short', 'recording', 'conversion')),
    CONSTRAINT derivations_due_check CHECK (due_at IS NULL OR state = 'waiting'),
    CONSTRAINT derivations_version_check CHECK (state NOT IN ('done', 'failed') OR version IS NOT NULL),
    CONSTRAINT derivations_error_check CHECK (state <> 'failed' OR error IS NOT NULL),
    CONSTRAINT derivations_lease_check CHECK (state <> 'running'
        OR (lease_owner IS NOT NULL AND lease_until IS NOT NULL))
) {strict};
-- What becomes due next.
CREATE INDEX derivations_waiting ON derivations (due_at, id) WHERE state = 'waiting' AND due_at IS NOT NULL;
-- Leases that ran out.
CREATE INDEX derivations_leases ON derivations (lease_until, id) WHERE state = 'running';
-- Whether anything is due for a claim.
CREATE INDEX derivations_next ON derivations (step, due_at, id) WHERE state = 'waiting' AND due_at IS NOT NULL;
-- The claim, company by company.
CREATE INDEX derivations_due ON derivations (step, company_id, due_at, id) WHERE state = 'waiting' AND due_at IS NOT NULL;

-- No program before this step wrote a variant, so the table is made again, with what a result has.
DROP TABLE media_variants;
CREATE TABLE media_variants (
    {id},
    company_id BIGINT NOT NULL,
    media_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    storage_key TEXT NOT NULL,
    storage_backend TEXT NOT NULL,
    mime_type TEXT NOT NULL,
    file_size BIGINT NOT NULL,
    sha256 BYTEA NOT NULL,
    width BIGINT,
    height BIGINT,
    duration_ms BIGINT,
    -- Of the recipe that made it.
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    -- Type and arrival of its file, by which its bytes are counted. They stand here because its file is gone before it in a cascade.
    file_type TEXT NOT NULL,
    file_created_at BIGINT NOT NULL,
    {key},
    CONSTRAINT media_variants_kind_key UNIQUE (company_id, media_id, kind),
    CONSTRAINT media_variants_media_fkey FOREIGN KEY (company_id, media_id)
        REFERENCES media_files (company_id, id) ON DELETE CASCADE,
    CONSTRAINT media_variants_kind_check CHECK (kind IN ('thumb', 'preview', 'poster', 'peaks', 'playable')),
    CONSTRAINT media_variants_storage_backend_check CHECK (storage_backend IN ('local', 's3', 'r2')),
    CONSTRAINT media_variants_file_size_check CHECK (file_size >= 0)
) {strict};
