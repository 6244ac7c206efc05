-- What somebody decided about many media files of a company, to be done to some of them at a time.
CREATE TABLE media_tasks (
    {id},
    company_id BIGINT NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    -- Null for all of the company's accounts.
    account_id BIGINT,
    kind TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    {key},
    CONSTRAINT media_tasks_account_fkey FOREIGN KEY (company_id, account_id)
        REFERENCES whatsapp_accounts (company_id, id) ON DELETE CASCADE,
    CONSTRAINT media_tasks_kind_check CHECK (kind IN ('follow_policy', 'erase'))
) {strict};
-- The sweep takes them from all companies in order.
CREATE INDEX media_tasks_due ON media_tasks (due_at, id);
