-- Where the steps of a task run: on the host of this name, or ('') on any.
ALTER TABLE task ADD COLUMN host TEXT NOT NULL DEFAULT '';

-- The claim looks only at the open tasks of its own host and at those of none, however many wait for others.
DROP INDEX task_open;
CREATE INDEX task_open ON task (host, run_at, id) WHERE status IN ('preparing', 'running');
