-- What lists of ended tasks are kept up to date by: the how-manieth end it was, 0 while a person or a worker may still change
-- the task. The index is unique, so that a number is given only once the one before it is committed: who has seen the
-- number n has seen all below it.
ALTER TABLE task ADD COLUMN end_no BIGINT NOT NULL DEFAULT 0;
UPDATE task SET end_no = id WHERE status IN ('succeed', 'failed');
CREATE UNIQUE INDEX task_end ON task (end_no) WHERE end_no > 0;

-- The tasks that have not ended, or in `error`, which stay few: with all that a list may ask of them.
CREATE INDEX task_unended ON task (tenant, region, created_at, id, status, kind, operator, subject) WHERE end_no = 0;

-- What it was for is counted elsewhere now.
DROP INDEX IF EXISTS task_unsuccessful;
