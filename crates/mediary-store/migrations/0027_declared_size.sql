-- What WhatsApp declared as the size of a file whose bytes were counted. file_size is the declared size until bytes are stored and the
-- counted one from then on, for older programs and for the lists that are sorted by it; null where an older program stored the file.
ALTER TABLE media_files ADD COLUMN declared_size BIGINT CHECK (declared_size >= 0);
