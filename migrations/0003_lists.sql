-- The tasks of one instance, newest first: a list filtered by instance looks at these alone, however many tasks the account has.
CREATE INDEX task_subject ON task (subject, created_at, id);
