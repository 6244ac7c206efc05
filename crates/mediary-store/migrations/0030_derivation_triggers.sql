-- Derivations and variants follow their file, whatever changes it, an older program too. Argued in src/derivations/mod.rs.
--
-- A variant's row that goes, goes with its bytes: their key is in the trash in the same transaction. Its bytes are counted with the
-- month and type of its file.
CREATE TRIGGER media_variants_insert AFTER INSERT ON media_variants BEGIN
    INSERT INTO usage_changes (company_id, month, file_type, files, bytes) VALUES (NEW.company_id,
        strftime('%Y-%m', NEW.file_created_at / 1000, 'unixepoch'), NEW.file_type, 0, NEW.file_size);
END;
CREATE TRIGGER media_variants_update AFTER UPDATE OF file_size, file_type, file_created_at ON media_variants BEGIN
    INSERT INTO usage_changes (company_id, month, file_type, files, bytes) VALUES (OLD.company_id,
        strftime('%Y-%m', OLD.file_created_at / 1000, 'unixepoch'), OLD.file_type, 0, -OLD.file_size);
    INSERT INTO usage_changes (company_id, month, file_type, files, bytes) VALUES (NEW.company_id,
        strftime('%Y-%m', NEW.file_created_at / 1000, 'unixepoch'), NEW.file_type, 0, NEW.file_size);
END;
CREATE TRIGGER media_variants_delete AFTER DELETE ON media_variants BEGIN
    INSERT INTO usage_changes (company_id, month, file_type, files, bytes) VALUES (OLD.company_id,
        strftime('%Y-%m', OLD.file_created_at / 1000, 'unixepoch'), OLD.file_type, 0, -OLD.file_size);
    INSERT INTO trash (company_id, media_id, storage_backend, storage_key, due_at)
        VALUES (OLD.company_id, OLD.media_id, OLD.storage_backend, OLD.storage_key, OLD.created_at);
END;
-- A file lost its bytes, or they became others: what was made of them goes.
CREATE TRIGGER media_files_bytes_gone AFTER UPDATE OF is_active, storage_key, sha256, scan_status ON media_files
    WHEN (OLD.is_active AND NOT NEW.is_active)
        OR (OLD.storage_key IS NOT NULL AND NEW.storage_key IS NULL)
        OR (OLD.sha256 IS NOT NULL AND OLD.sha256 IS NOT NEW.sha256)
        OR (OLD.scan_status <> 'quarantined' AND NEW.scan_status = 'quarantined') BEGIN
    DELETE FROM media_variants WHERE company_id = NEW.company_id AND media_id = NEW.id;
    UPDATE media_files SET thumbhash = NULL
        WHERE company_id = NEW.company_id AND id = NEW.id AND thumbhash IS NOT NULL;
    UPDATE derivations SET state = 'waiting',
            due_at = CASE WHEN NEW.is_active AND NEW.download_status = 'completed' THEN NEW.updated_at END, attempts = 0,
            begun = 0, version = NULL, error = NULL, step = 'short', missing = NULL, pages = NULL, names = NULL, unplayable = NULL,
            lease_owner = NULL, lease_until = NULL
        WHERE company_id = NEW.company_id AND id = NEW.id;
END;
-- A file is stored, or its bytes have still to be found: nobody works on it until then.
CREATE TRIGGER media_files_derivable AFTER UPDATE OF is_active, download_status ON media_files
    WHEN (OLD.is_active AND OLD.download_status = 'completed')
        <> (NEW.is_active AND NEW.download_status = 'completed') BEGIN
    UPDATE derivations SET state = 'waiting', due_at = NULL, begun = 0, lease_owner = NULL, lease_until = NULL
        WHERE company_id = NEW.company_id AND id = NEW.id AND state IN ('waiting', 'running')
            AND NOT (NEW.is_active AND NEW.download_status = 'completed');
    INSERT INTO derivations (company_id, id, due_at) SELECT NEW.company_id, NEW.id, NEW.updated_at
        WHERE NEW.is_active AND NEW.download_status = 'completed'
        ON CONFLICT (company_id, id) DO UPDATE SET due_at = excluded.due_at
        WHERE derivations.state = 'waiting' AND derivations.due_at IS NULL;
END;
{postgres}
CREATE FUNCTION note_variant() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO usage_changes (company_id, month, file_type, files, bytes) VALUES (OLD.company_id,
            to_char(to_timestamp(OLD.file_created_at / 1000) AT TIME ZONE 'UTC', 'YYYY-MM'), OLD.file_type, 0,
            -OLD.file_size);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO usage_changes (company_id, month, file_type, files, bytes) VALUES (NEW.company_id,
            to_char(to_timestamp(NEW.file_created_at / 1000) AT TIME ZONE 'UTC', 'YYYY-MM'), NEW.file_type, 0,
            NEW.file_size);
    ELSE
        INSERT INTO trash (company_id, media_id, storage_backend, storage_key, due_at)
            VALUES (OLD.company_id, OLD.media_id, OLD.storage_backend, OLD.storage_key, OLD.created_at);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER media_variants_insert AFTER INSERT ON media_variants FOR EACH ROW EXECUTE FUNCTION note_variant();
CREATE TRIGGER media_variants_update AFTER UPDATE OF file_size, file_type, file_created_at ON media_variants
    FOR EACH ROW EXECUTE FUNCTION note_variant();
CREATE TRIGGER media_variants_delete AFTER DELETE ON media_variants FOR EACH ROW EXECUTE FUNCTION note_variant();
CREATE FUNCTION drop_derived() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM media_variants WHERE company_id = NEW.company_id AND media_id = NEW.id;
    UPDATE media_files SET thumbhash = NULL
        WHERE company_id = NEW.company_id AND id = NEW.id AND thumbhash IS NOT NULL;
    UPDATE derivations SET state = 'waiting',
            due_at = CASE WHEN NEW.is_active AND NEW.download_status = 'completed' THEN NEW.updated_at END, attempts = 0,
            begun = 0, version = NULL, error = NULL, step = 'short', missing = NULL, pages = NULL, names = NULL, unplayable = NULL,
            lease_owner = NULL, lease_until = NULL
        WHERE company_id = NEW.company_id AND id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER media_files_bytes_gone AFTER UPDATE OF is_active, storage_key, sha256, scan_status ON media_files FOR EACH ROW
    WHEN ((OLD.is_active AND NOT NEW.is_active)
        OR (OLD.storage_key IS NOT NULL AND NEW.storage_key IS NULL)
        OR (OLD.sha256 IS NOT NULL AND OLD.sha256 IS DISTINCT FROM NEW.sha256)
        OR (OLD.scan_status <> 'quarantined' AND NEW.scan_status = 'quarantined'))
    EXECUTE FUNCTION drop_derived();
CREATE FUNCTION queue_derivation() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.is_active AND NEW.download_status = 'completed' THEN
        INSERT INTO derivations (company_id, id, due_at) VALUES (NEW.company_id, NEW.id, NEW.updated_at)
            ON CONFLICT (company_id, id) DO UPDATE SET due_at = excluded.due_at
            WHERE derivations.state = 'waiting' AND derivations.due_at IS NULL;
    ELSE
        UPDATE derivations SET state = 'waiting', due_at = NULL, begun = 0, lease_owner = NULL, lease_until = NULL
            WHERE company_id = NEW.company_id AND id = NEW.id AND state IN ('waiting', 'running');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER media_files_derivable AFTER UPDATE OF is_active, download_status ON media_files FOR EACH ROW
    WHEN ((OLD.is_active AND OLD.download_status = 'completed')
        <> (NEW.is_active AND NEW.download_status = 'completed'))
    EXECUTE FUNCTION queue_derivation();
