-- How far a task has come among the files of its company, so that it goes on there after a pause.
ALTER TABLE media_tasks ADD COLUMN reached_at BIGINT;
ALTER TABLE media_tasks ADD COLUMN reached_id BIGINT;
