-- Webhooks for numbers that no active account had when they came, to be read again when there is one. Several numbers may
-- wait for one webhook. Not of one company, as the webhooks are not.
CREATE TABLE waiting_webhooks (
    phone_number_id TEXT NOT NULL,
    event_id BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (phone_number_id, event_id)
) {strict};
-- Whether a webhook may be pruned.
CREATE INDEX waiting_webhooks_event ON waiting_webhooks (event_id);
-- What waited long enough.
CREATE INDEX waiting_webhooks_oldest ON waiting_webhooks (received_at);

-- Single things that a webhook told and that could not be recorded. Their webhook stays as long as they do.
CREATE TABLE parked_items (
    {id},
    company_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    event_id BIGINT NOT NULL,
    -- Which of the webhook's items it is, counted from 0, and the item as JSON, to find it by should they be counted differently.
    place BIGINT NOT NULL,
    raw TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- Tries after the first one.
    attempts BIGINT NOT NULL DEFAULT 0,
    -- When it is tried again by itself; null when only somebody who asks for it makes that happen.
    next_attempt_at BIGINT,
    received_at BIGINT NOT NULL,
    parked_at BIGINT NOT NULL,
    {key},
    CONSTRAINT parked_items_place_key UNIQUE (company_id, event_id, place),
    CONSTRAINT parked_items_account_fkey FOREIGN KEY (company_id, account_id)
        REFERENCES whatsapp_accounts (company_id, id) ON DELETE CASCADE
) {strict};
-- Whether a webhook may be pruned.
CREATE INDEX parked_items_event ON parked_items (event_id);
-- What is tried next.
CREATE INDEX parked_items_due ON parked_items (next_attempt_at, id) WHERE next_attempt_at IS NOT NULL;
