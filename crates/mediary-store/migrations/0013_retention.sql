-- For how long stored files are kept. Where only days are given they count from when a file was stored; without days it is for ever.
ALTER TABLE companies ADD COLUMN retention_mode TEXT
    CHECK (retention_mode IN ('forever', 'days_after_stored', 'days_after_viewed', 'archive_after'));
-- An account's own retention; without a mode it follows the company.
ALTER TABLE whatsapp_accounts ADD COLUMN retention_mode TEXT
    CHECK (retention_mode IN ('forever', 'days_after_stored', 'days_after_viewed', 'archive_after'));
ALTER TABLE whatsapp_accounts ADD COLUMN retention_days BIGINT CHECK (retention_days > 0);
-- Why a file was deleted, where nobody did it: `retention`.
ALTER TABLE media_files ADD COLUMN deletion_reason TEXT CHECK (deletion_reason IN ('retention'));
