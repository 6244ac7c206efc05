-- Files in storage that no record named when it was last looked. Those that none named a day before either are removed.
CREATE TABLE untracked_files (
    {id},
    company_id BIGINT NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    message_id BIGINT NOT NULL,
    storage_backend TEXT NOT NULL,
    storage_key TEXT NOT NULL,
    -- When the looks began that saw it first and last.
    first_seen_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    {key},
    CONSTRAINT untracked_files_key UNIQUE (company_id, storage_backend, storage_key)
) {strict};
-- How many of them the last daily check removed.
ALTER TABLE storage_checks ADD COLUMN removed BIGINT NOT NULL DEFAULT 0;
