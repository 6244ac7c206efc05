-- Whether a view of a file is in the log already.
CREATE INDEX audit_log_views ON audit_log (company_id, record, created_at) WHERE action = 'media.viewed';
