-- Finds contacts by a part of their search_text. Kept by the database itself, so an older program's contacts are found too. SQLite
-- has a table for it that keeps all runs of three letters; in Postgres the same is an index, over a function, since the extension
-- for it (pg_trgm) is not everybody's to install. The company is in the run, so that none is looked at that another company wrote.
CREATE VIRTUAL TABLE contacts_search USING fts5 (
    search_text, content = 'contacts', content_rowid = 'id', tokenize = 'trigram'
);
INSERT INTO contacts_search (contacts_search) VALUES ('rebuild');
CREATE TRIGGER contacts_search_insert AFTER INSERT ON contacts BEGIN
    INSERT INTO contacts_search (rowid, search_text) VALUES (NEW.id, NEW.search_text);
END;
CREATE TRIGGER contacts_search_delete AFTER DELETE ON contacts BEGIN
    INSERT INTO contacts_search (contacts_search, rowid, search_text) VALUES ('delete', OLD.id, OLD.search_text);
END;
CREATE TRIGGER contacts_search_update AFTER UPDATE OF search_text ON contacts WHEN OLD.search_text <> NEW.search_text BEGIN
    INSERT INTO contacts_search (contacts_search, rowid, search_text) VALUES ('delete', OLD.id, OLD.search_text);
    INSERT INTO contacts_search (rowid, search_text) VALUES (NEW.id, NEW.search_text);
END;
{postgres}
CREATE FUNCTION contact_runs(company BIGINT, search TEXT) RETURNS TEXT[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT COALESCE(array_agg(CAST(company AS TEXT) || ':' || substr(search, i, 3)), '{}')
    FROM generate_series(1, length(search) - 2) AS i
$$;
CREATE INDEX contacts_runs ON contacts USING gin (contact_runs(company_id, search_text));
