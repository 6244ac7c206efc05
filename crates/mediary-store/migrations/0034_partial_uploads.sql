-- Files that come in several requests, until they are whole and a message takes a copy, or their time is over.
CREATE TABLE partial_uploads (
    {id},
    company_id BIGINT NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    -- Bytes of the whole file, as announced.
    size BIGINT NOT NULL,
    -- Bytes that are here: those of its parts.
    received BIGINT NOT NULL DEFAULT 0,
    parts BIGINT NOT NULL DEFAULT 0,
    file_name TEXT,
    -- The caller, as in the audit log, who alone may continue and use it.
    created_by TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    {key},
    CONSTRAINT partial_uploads_received_check CHECK (received >= 0 AND received <= size)
) {strict};
-- What has expired.
CREATE INDEX partial_uploads_expires ON partial_uploads (expires_at);
-- How many a company has.
CREATE INDEX partial_uploads_company ON partial_uploads (company_id, expires_at);

-- Bytes that came together, each a file in storage. Its key stands in the trash, where it is due once the upload is over.
CREATE TABLE upload_parts (
    company_id BIGINT NOT NULL,
    upload_id BIGINT NOT NULL,
    -- The place of its first byte in the file.
    starts_at BIGINT NOT NULL,
    size BIGINT NOT NULL,
    storage_backend TEXT NOT NULL,
    storage_key TEXT NOT NULL,
    PRIMARY KEY (company_id, upload_id, starts_at),
    CONSTRAINT upload_parts_storage_backend_check CHECK (storage_backend IN ('local', 's3', 'r2')),
    CONSTRAINT upload_parts_upload_fkey FOREIGN KEY (company_id, upload_id)
        REFERENCES partial_uploads (company_id, id) ON DELETE CASCADE
) {strict};
