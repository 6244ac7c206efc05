-- How many starts of a process counted the webhook before they took it: what ends the process each time cannot be counted after.
ALTER TABLE webhook_events ADD COLUMN begun BIGINT NOT NULL DEFAULT 0;
-- Of a webhook whose signature did not speak for the account that has the number: the account's secret then, sealed as it is kept
-- there. With another one the webhook is read again.
ALTER TABLE waiting_webhooks ADD COLUMN refused_by BYTEA;
