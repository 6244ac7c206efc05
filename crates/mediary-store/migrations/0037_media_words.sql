-- Lists of one type or state, newest first, and the files of one type or state.
CREATE INDEX media_files_by_kind ON media_files (company_id, file_type, download_status, created_at DESC, id DESC) WHERE is_active;

-- Finds files by words of their names and captions, by sender, direction and conversation. The words are made by the program
-- (src/search), so that both databases find the same; here is what they have to be made of, kept by the database itself, so that an
-- older program's changes are known, too.
CREATE TABLE search_changes (
    {id},
    company_id BIGINT NOT NULL,
    -- What kind of record changed, like media.
    kind TEXT NOT NULL,
    record_id BIGINT NOT NULL,
    {root_key}
) {strict};
-- Companies whose older records are not taken in yet. They go from the newest to the oldest.
CREATE TABLE search_backlog (
    company_id BIGINT NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    -- Those with smaller ids are missing.
    below BIGINT NOT NULL,
    PRIMARY KEY (company_id, kind)
) {strict};
INSERT INTO search_backlog (company_id, kind, below) SELECT c.id, 'media', 9223372036854775807 FROM companies c;
CREATE VIRTUAL TABLE media_words USING fts5 (words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii');
CREATE TRIGGER media_files_words_insert AFTER INSERT ON media_files BEGIN
    INSERT INTO search_changes (company_id, kind, record_id) VALUES (NEW.company_id, 'media', NEW.id);
END;
CREATE TRIGGER media_files_words_update AFTER UPDATE OF file_name, conversation_id, is_active ON media_files
    WHEN OLD.file_name IS NOT NEW.file_name OR OLD.conversation_id IS NOT NEW.conversation_id OR OLD.is_active <> NEW.is_active BEGIN
    INSERT INTO search_changes (company_id, kind, record_id) VALUES (NEW.company_id, 'media', NEW.id);
END;
CREATE TRIGGER media_files_words_delete AFTER DELETE ON media_files BEGIN
    DELETE FROM media_words WHERE rowid = OLD.id;
END;
CREATE TRIGGER messages_words_update AFTER UPDATE OF caption ON messages WHEN OLD.caption IS NOT NEW.caption BEGIN
    INSERT INTO search_changes (company_id, kind, record_id)
        SELECT f.company_id, 'media', f.id FROM media_files f WHERE f.company_id = NEW.company_id AND f.message_id = NEW.id;
END;
{postgres}
CREATE INDEX media_files_by_kind ON media_files (company_id, file_type, download_status, created_at DESC, id DESC) WHERE is_active;
CREATE TABLE search_changes (
    {id},
    company_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    record_id BIGINT NOT NULL,
    {root_key}
);
CREATE TABLE search_backlog (
    company_id BIGINT NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    below BIGINT NOT NULL,
    PRIMARY KEY (company_id, kind)
);
INSERT INTO search_backlog (company_id, kind, below) SELECT c.id, 'media', 9223372036854775807 FROM companies c;
CREATE TABLE media_words (
    company_id BIGINT NOT NULL,
    record_id BIGINT NOT NULL,
    words TSVECTOR NOT NULL,
    PRIMARY KEY (company_id, record_id),
    CONSTRAINT media_words_media_fkey FOREIGN KEY (company_id, record_id)
        REFERENCES media_files (company_id, id) ON DELETE CASCADE
);
-- Rows come in batches, by one writer: a list of what is not sorted in yet would only make reading slow.
CREATE INDEX media_words_found ON media_words USING gin (words) WITH (fastupdate = off);
CREATE FUNCTION note_search_change() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_changes (company_id, kind, record_id) VALUES (NEW.company_id, TG_ARGV[0], NEW.id);
    RETURN NULL;
END $$;
-- Records come in batches, for each of which this runs once.
CREATE FUNCTION note_search_additions() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_changes (company_id, kind, record_id) SELECT a.company_id, TG_ARGV[0], a.id FROM added a;
    RETURN NULL;
END $$;
CREATE TRIGGER media_files_words_insert AFTER INSERT ON media_files REFERENCING NEW TABLE AS added FOR EACH STATEMENT
    EXECUTE FUNCTION note_search_additions('media');
CREATE TRIGGER media_files_words_update AFTER UPDATE OF file_name, conversation_id, is_active ON media_files FOR EACH ROW
    WHEN (OLD.file_name IS DISTINCT FROM NEW.file_name OR OLD.conversation_id IS DISTINCT FROM NEW.conversation_id
        OR OLD.is_active <> NEW.is_active)
    EXECUTE FUNCTION note_search_change('media');
CREATE FUNCTION note_caption_change() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_changes (company_id, kind, record_id)
        SELECT f.company_id, 'media', f.id FROM media_files f WHERE f.company_id = NEW.company_id AND f.message_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER messages_words_update AFTER UPDATE OF caption ON messages FOR EACH ROW
    WHEN (OLD.caption IS DISTINCT FROM NEW.caption) EXECUTE FUNCTION note_caption_change();
