-- Fingerprints of the edits of the second in which the newest one was made: WhatsApp's times have seconds, and sends again what
-- it is not sure of. An older program leaves them as they are, and then an edit of that second that comes again counts as a new one.
ALTER TABLE messages ADD COLUMN edits_of_second TEXT;
-- What is old enough to be forgotten.
CREATE INDEX audit_log_oldest ON audit_log (created_at);
CREATE INDEX parked_items_oldest ON parked_items (received_at);
