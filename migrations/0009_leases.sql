-- The tasks that somebody works on, and those that are to turn back: few among many that wait.
CREATE INDEX task_held ON task (lease_until) WHERE lease_until > 0;
CREATE INDEX task_cancelling ON task (id) WHERE cancelling = 1;
