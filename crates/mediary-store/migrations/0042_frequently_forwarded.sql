-- Whether WhatsApp says that a message was forwarded more than five times; `forwarded` is true then, too.
ALTER TABLE messages ADD COLUMN frequently_forwarded BOOLEAN NOT NULL DEFAULT FALSE;
