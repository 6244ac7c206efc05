-- Stored files and their bytes by month and type, so that nobody has to count them. Kept by the database itself: whatever changes a file,
-- an older program too, adds a row to usage_changes in its own transaction, and the sweep adds those rows up here.
CREATE TABLE usage_totals (
    company_id BIGINT NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    -- In which the files came, like 2026-11, in UTC.
    month TEXT NOT NULL,
    file_type TEXT NOT NULL,
    files BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    PRIMARY KEY (company_id, month, file_type)
) {strict};
-- Each is a row of its own, so that transactions that store files of one company do not wait for each other. Without a foreign key, for
-- the files of a company that is deleted are noted here after it.
CREATE TABLE usage_changes (
    {id},
    company_id BIGINT NOT NULL,
    month TEXT NOT NULL,
    file_type TEXT NOT NULL,
    files BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    {key}
) {strict};
CREATE INDEX usage_changes_oldest ON usage_changes (id);
-- Before the files are counted: from here to the end of this step no other transaction changes a file, so none is missed or counted twice.
{usage_triggers}
INSERT INTO usage_totals (company_id, month, file_type, files, bytes)
    SELECT f.company_id, {month_of_file}, f.file_type, COUNT(*), SUM(f.file_size) FROM media_files f
    WHERE f.is_active AND f.download_status = 'completed' GROUP BY 1, 2, 3;
