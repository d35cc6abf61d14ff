-- The task engine: one row a task, and the log of its steps. Times are milliseconds since 1970, UTC.

CREATE TABLE task (
  id            @id,
  kind          TEXT   NOT NULL,
  tenant        TEXT   NOT NULL,               -- whose it is; every look-up for a client is scoped by it
  region        TEXT   NOT NULL,
  subject       TEXT   NOT NULL,               -- what it works on; at most one live task each
  status        TEXT   NOT NULL CHECK (status IN ('preparing', 'running', 'succeed', 'failed', 'error')),
  params        TEXT   NOT NULL,               -- JSON, given at the enqueue, never changed
  steps         TEXT   NOT NULL,               -- JSON, the names of the steps at the enqueue
  unwinding     BIGINT NOT NULL DEFAULT 0,     -- 1 once a step has failed: the steps are being undone
  epoch         BIGINT NOT NULL DEFAULT 0,     -- counts the claims; the fence of every later write
  attempt       BIGINT NOT NULL DEFAULT 0,     -- how often the current step, or its undo, has begun
  owner         TEXT   NOT NULL DEFAULT '',    -- who claimed it last, for people
  lease_until   BIGINT NOT NULL DEFAULT 0,     -- nobody else may claim it before; 0: free
  run_at        BIGINT NOT NULL,               -- not to be claimed before
  time_limit    BIGINT NOT NULL,               -- from the first claim to the deadline
  deadline      BIGINT,                        -- set by the first claim
  undo_deadline BIGINT,                        -- set when the unwinding begins
  message       TEXT   NOT NULL DEFAULT '',    -- the cause in words, set with `failed` and `error`
  done_steps    BIGINT NOT NULL DEFAULT 0,
  total_steps   BIGINT NOT NULL,
  request_id    TEXT   NOT NULL,
  operator      TEXT   NOT NULL,
  client        TEXT   NOT NULL,
  created_at    BIGINT NOT NULL,
  started_at    BIGINT,
  ended_at      BIGINT
);

-- One live task a subject; `error` keeps the lock until a person has looked.
CREATE UNIQUE INDEX task_live ON task (subject) WHERE status IN ('preparing', 'running', 'error');

-- The claim looks only here, however many tasks have ended.
CREATE INDEX task_open ON task (run_at, id) WHERE status IN ('preparing', 'running');

-- The lists of one account in one region, newest first.
CREATE INDEX task_list ON task (tenant, region, created_at, id);

-- The first task gets the number 10001: the key never gives a number twice, nor one below the largest it has seen.
INSERT INTO task (id, kind, tenant, region, subject, status, params, steps, run_at, time_limit, total_steps,
                  request_id, operator, client, created_at)
  VALUES (10000, '', '', '', '', 'succeed', '', '', 0, 0, 0, '', '', '', 0);
DELETE FROM task WHERE id = 10000;

-- What happened, append-only. The key makes every event happen at most once.
CREATE TABLE task_event (
  task_id BIGINT NOT NULL REFERENCES task (id),
  step    TEXT   NOT NULL,
  event   TEXT   NOT NULL,
  seq     BIGINT NOT NULL,                     -- the order inside the task
  data    TEXT   NOT NULL,                     -- JSON: the output of a `done`, the cause of a `failed`
  at      BIGINT NOT NULL,
  PRIMARY KEY (task_id, step, event)
);
