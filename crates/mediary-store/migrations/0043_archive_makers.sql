-- Who chose the files, as in the audit log: their link ends with their way in. Unknown of older ones.
ALTER TABLE archives ADD COLUMN created_by TEXT;
-- How many a company has, and one of its people or keys.
CREATE INDEX archives_company ON archives (company_id, created_by, expires_at);
