-- The oldest updates of an account, beyond those that may wait.
CREATE INDEX message_updates_account ON message_updates (company_id, account_id, created_at, id);
