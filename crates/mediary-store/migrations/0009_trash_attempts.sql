-- Which of the names that a file's bytes may have the next store of it uses: it grows when bytes under the name before are given up
-- for deletion, so that nothing is ever stored under a name that is being deleted.
ALTER TABLE media_files ADD COLUMN key_generation BIGINT NOT NULL DEFAULT 0;
-- Deletions that were tried. Each failure moves `due_at`, so that what cannot be deleted does not hold up the rest.
ALTER TABLE trash ADD COLUMN attempts BIGINT NOT NULL DEFAULT 0;
-- Whether it was settled that nothing can be stored under this key again.
ALTER TABLE trash ADD COLUMN given_up BOOLEAN NOT NULL DEFAULT FALSE;
-- What is due in a storage, and whether anything waits for one without settings.
CREATE INDEX trash_due ON trash (storage_backend, due_at, id);
