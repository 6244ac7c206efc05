-- Imported rows whose media id has still to be found, nearest expiry first: those that expired are never walked over.
DROP INDEX media_files_unresolved;
CREATE INDEX media_files_unresolved ON media_files (company_id, expires_at, id)
    WHERE provider_media_id IS NULL AND is_active;
