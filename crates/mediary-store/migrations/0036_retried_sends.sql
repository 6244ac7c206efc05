-- Whether WhatsApp may have the message from an attempt before somebody wanted it sent again. Then it cannot be taken back.
ALTER TABLE sends ADD COLUMN may_have_left BOOLEAN NOT NULL DEFAULT FALSE;
