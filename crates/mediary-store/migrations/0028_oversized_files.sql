-- Files that were refused for their size, so that those that a raised limit allows are found among millions.
CREATE INDEX media_files_oversized ON media_files (company_id, expires_at, id)
    WHERE is_active AND download_status = 'failed' AND last_error_code = 'payload_too_large' AND NOT last_error_retryable;
