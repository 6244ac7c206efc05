-- The durable inbox. A webhook is answered 200 once its row here is on disk; everything else happens later.
-- Not of one company: a body may carry several accounts.
CREATE TABLE webhook_events (
    {id},
    -- The raw signed bytes.
    body BYTEA NOT NULL,
    -- Whose items may be ingested, as JSON: the accounts whose secret signed it, or the installation.
    scope TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    -- Tries of the ingest step that failed, the error of the last one (or a remark), and when it is tried again.
    attempts BIGINT NOT NULL DEFAULT 0,
    error TEXT,
    next_attempt_at BIGINT NOT NULL DEFAULT 0,
    processed_at BIGINT,
    {root_key}
) {strict};
-- What waits, in order of arrival.
CREATE INDEX webhook_events_waiting ON webhook_events (id) WHERE processed_at IS NULL;
-- What can be pruned.
CREATE INDEX webhook_events_processed ON webhook_events (processed_at, id) WHERE processed_at IS NOT NULL;
