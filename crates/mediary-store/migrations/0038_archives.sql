-- Files that were chosen for an archive. A link names the row, so that it stays short.
CREATE TABLE archives (
    {id},
    company_id BIGINT NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    -- As a list in JSON, in the order in which they were chosen.
    media_ids TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    {key}
) {strict};
-- What has expired.
CREATE INDEX archives_expires ON archives (expires_at);

-- The CRC-32 of contents that were in an archive, by their SHA-256: so none has to be read twice. What is forgotten is made again.
CREATE TABLE checksums (
    company_id BIGINT NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    sha256 BYTEA NOT NULL,
    crc32 BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, sha256)
) {strict};
-- What is old.
CREATE INDEX checksums_age ON checksums (created_at);
