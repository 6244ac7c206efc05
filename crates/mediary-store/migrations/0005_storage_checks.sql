-- The last look at whether a company's records and storage agree.
CREATE TABLE storage_checks (
    {id},
    company_id BIGINT NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    -- When somebody last began, who may have died since.
    started_at BIGINT NOT NULL,
    -- The end of the last one that came to it, and what it counted.
    finished_at BIGINT,
    whole BIGINT NOT NULL DEFAULT 0,
    missing BIGINT NOT NULL DEFAULT 0,
    wrong BIGINT NOT NULL DEFAULT 0,
    untracked BIGINT NOT NULL DEFAULT 0,
    -- The first of what it found, as JSON.
    found TEXT,
    {key},
    CONSTRAINT storage_checks_company_key UNIQUE (company_id)
) {strict};
