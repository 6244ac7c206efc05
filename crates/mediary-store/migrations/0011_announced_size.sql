-- What the media host says of a running download's length, so that its progress has an end. Unlike file_size it is no
-- declaration: the next try expects nothing of it.
ALTER TABLE media_files ADD COLUMN announced_size BIGINT;
