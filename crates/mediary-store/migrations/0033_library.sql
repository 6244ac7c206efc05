-- Files that a company keeps to send them again: rows of media_files with a name, that belong to no message. All that holds for stored
-- files holds for them: their variants, their bytes in the usage, moves, checks, the trash. What goes by an account or a conversation
-- (retention, policies, erasing) does not meet them.
--
-- SQLite cannot drop a NOT NULL, but allows to take it out of the text of the table where no row has to be changed for it
-- (https://www.sqlite.org/lang_altertable.html#otheralter): millions of rows are not written again for this.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(replace(replace(sql, 'account_id BIGINT NOT NULL', 'account_id BIGINT'),
        'conversation_id BIGINT NOT NULL', 'conversation_id BIGINT'), 'message_id BIGINT NOT NULL', 'message_id BIGINT')
    WHERE type = 'table' AND name = 'media_files';
PRAGMA writable_schema = RESET;
ALTER TABLE media_files ADD COLUMN library_name TEXT
    CONSTRAINT media_files_library_check CHECK ((message_id IS NULL) = (library_name IS NOT NULL)
        AND (message_id IS NULL) = (conversation_id IS NULL) AND (message_id IS NULL) = (account_id IS NULL));
CREATE UNIQUE INDEX media_files_library_name_key ON media_files (company_id, library_name)
    WHERE library_name IS NOT NULL AND is_active;
CREATE INDEX media_files_library ON media_files (company_id, created_at DESC, id DESC)
    WHERE library_name IS NOT NULL AND is_active;
-- Other files go with their conversation.
CREATE TRIGGER companies_library_gone AFTER DELETE ON companies BEGIN
    DELETE FROM media_files WHERE company_id = OLD.id AND library_name IS NOT NULL;
END;
{postgres}
ALTER TABLE media_files ALTER COLUMN account_id DROP NOT NULL;
ALTER TABLE media_files ALTER COLUMN conversation_id DROP NOT NULL;
ALTER TABLE media_files ALTER COLUMN message_id DROP NOT NULL;
ALTER TABLE media_files ADD COLUMN library_name TEXT;
ALTER TABLE media_files ADD CONSTRAINT media_files_library_check CHECK ((message_id IS NULL) = (library_name IS NOT NULL)
    AND (message_id IS NULL) = (conversation_id IS NULL) AND (message_id IS NULL) = (account_id IS NULL));
CREATE UNIQUE INDEX media_files_library_name_key ON media_files (company_id, library_name)
    WHERE library_name IS NOT NULL AND is_active;
CREATE INDEX media_files_library ON media_files (company_id, created_at DESC, id DESC)
    WHERE library_name IS NOT NULL AND is_active;
CREATE FUNCTION drop_library() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM media_files WHERE company_id = OLD.id AND library_name IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER companies_library_gone AFTER DELETE ON companies FOR EACH ROW EXECUTE FUNCTION drop_library();
