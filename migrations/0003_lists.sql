-- The tasks of one instance, newest first: a list filtered by instance looks at these alone, however many tasks the account has.
CREATE INDEX task_subject ON task (subject, created_at, id);

-- What has not succeeded, which stays little: lists of failures and of what is going on are counted here.
CREATE INDEX task_unsuccessful ON task (tenant, region, created_at, id, status) WHERE status <> 'succeed';
