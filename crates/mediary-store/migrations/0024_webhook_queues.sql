-- Whose turn it is: the company whose accounts' own secret signed the body; 0 for what the installation's secret signed, and for what
-- came before this column. Each queue has its share of what is recorded, so that one company's webhooks hold up no other's.
ALTER TABLE webhook_events ADD COLUMN queue BIGINT NOT NULL DEFAULT 0;
CREATE INDEX webhook_events_queued ON webhook_events (queue, id) WHERE processed_at IS NULL AND error IS NULL;
