-- What the log is filtered by, each newest first.
CREATE INDEX audit_log_actions ON audit_log (company_id, action, created_at DESC, id DESC);
CREATE INDEX audit_log_actors ON audit_log (company_id, who, created_at DESC, id DESC);
CREATE INDEX audit_log_actors_actions ON audit_log (company_id, who, action, created_at DESC, id DESC);
