-- What failed and is tried again, longest due first; alone, so that what comes after it need not fail with it.
CREATE INDEX webhook_events_failed ON webhook_events (next_attempt_at, id)
    WHERE processed_at IS NULL AND error IS NOT NULL;
