-- Messages of a company by WhatsApp's time. Without reactions, so that no plan looks for those of a message in all of them.
CREATE INDEX messages_by_time ON messages (company_id, sent_at DESC, id DESC) WHERE type <> 'reaction';
-- Finds messages and contacts by their words, as files are found (step 37).
INSERT INTO search_backlog (company_id, kind, below) SELECT c.id, 'message', 9223372036854775807 FROM companies c;
INSERT INTO search_backlog (company_id, kind, below) SELECT c.id, 'contact', 9223372036854775807 FROM companies c;
CREATE VIRTUAL TABLE message_words USING fts5 (words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii');
CREATE TRIGGER messages_search_insert AFTER INSERT ON messages WHEN NEW.text IS NOT NULL OR NEW.caption IS NOT NULL BEGIN
    INSERT INTO search_changes (company_id, kind, record_id) VALUES (NEW.company_id, 'message', NEW.id);
END;
CREATE TRIGGER messages_search_update AFTER UPDATE OF text, caption, revoked_at ON messages
    WHEN OLD.text IS NOT NEW.text OR OLD.caption IS NOT NEW.caption OR OLD.revoked_at IS NOT NEW.revoked_at BEGIN
    INSERT INTO search_changes (company_id, kind, record_id) VALUES (NEW.company_id, 'message', NEW.id);
END;
CREATE TRIGGER messages_search_delete AFTER DELETE ON messages BEGIN
    DELETE FROM message_words WHERE rowid = OLD.id;
END;
CREATE VIRTUAL TABLE contact_words USING fts5 (words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii');
CREATE TRIGGER contacts_words_insert AFTER INSERT ON contacts BEGIN
    INSERT INTO search_changes (company_id, kind, record_id) VALUES (NEW.company_id, 'contact', NEW.id);
END;
CREATE TRIGGER contacts_words_update AFTER UPDATE OF name, phone, wa_id, user_id ON contacts
    WHEN OLD.name IS NOT NEW.name OR OLD.phone IS NOT NEW.phone OR OLD.wa_id IS NOT NEW.wa_id OR OLD.user_id IS NOT NEW.user_id BEGIN
    INSERT INTO search_changes (company_id, kind, record_id) VALUES (NEW.company_id, 'contact', NEW.id);
END;
CREATE TRIGGER contacts_words_delete AFTER DELETE ON contacts BEGIN
    DELETE FROM contact_words WHERE rowid = OLD.id;
END;
{postgres}
CREATE INDEX messages_by_time ON messages (company_id, sent_at DESC, id DESC) WHERE type <> 'reaction';
INSERT INTO search_backlog (company_id, kind, below) SELECT c.id, 'message', 9223372036854775807 FROM companies c;
INSERT INTO search_backlog (company_id, kind, below) SELECT c.id, 'contact', 9223372036854775807 FROM companies c;
CREATE TABLE message_words (
    company_id BIGINT NOT NULL,
    record_id BIGINT NOT NULL,
    words TSVECTOR NOT NULL,
    PRIMARY KEY (company_id, record_id),
    CONSTRAINT message_words_message_fkey FOREIGN KEY (company_id, record_id)
        REFERENCES messages (company_id, id) ON DELETE CASCADE
);
CREATE INDEX message_words_found ON message_words USING gin (words) WITH (fastupdate = off);
CREATE FUNCTION note_message_additions() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_changes (company_id, kind, record_id)
        SELECT a.company_id, 'message', a.id FROM added a WHERE a.text IS NOT NULL OR a.caption IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER messages_search_insert AFTER INSERT ON messages REFERENCING NEW TABLE AS added FOR EACH STATEMENT
    EXECUTE FUNCTION note_message_additions();
CREATE TRIGGER messages_search_update AFTER UPDATE OF text, caption, revoked_at ON messages FOR EACH ROW
    WHEN (OLD.text IS DISTINCT FROM NEW.text OR OLD.caption IS DISTINCT FROM NEW.caption
        OR OLD.revoked_at IS DISTINCT FROM NEW.revoked_at)
    EXECUTE FUNCTION note_search_change('message');
CREATE TABLE contact_words (
    company_id BIGINT NOT NULL,
    record_id BIGINT NOT NULL,
    words TSVECTOR NOT NULL,
    PRIMARY KEY (company_id, record_id),
    CONSTRAINT contact_words_contact_fkey FOREIGN KEY (company_id, record_id)
        REFERENCES contacts (company_id, id) ON DELETE CASCADE
);
CREATE INDEX contact_words_found ON contact_words USING gin (words) WITH (fastupdate = off);
CREATE TRIGGER contacts_words_insert AFTER INSERT ON contacts REFERENCING NEW TABLE AS added FOR EACH STATEMENT
    EXECUTE FUNCTION note_search_additions('contact');
CREATE TRIGGER contacts_words_update AFTER UPDATE OF name, phone, wa_id, user_id ON contacts FOR EACH ROW
    WHEN (OLD.name IS DISTINCT FROM NEW.name OR OLD.phone IS DISTINCT FROM NEW.phone
        OR OLD.wa_id IS DISTINCT FROM NEW.wa_id OR OLD.user_id IS DISTINCT FROM NEW.user_id)
    EXECUTE FUNCTION note_search_change('contact');
