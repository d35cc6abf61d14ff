-- What testers have planned, and what came of it; looked at only with `levers.enabled`. JSON text where it says so.

-- What is to happen to the next tasks or requests that fit.
CREATE TABLE lever_plan (
  id         @id,
  target     TEXT   NOT NULL CHECK (target IN ('task', 'action')),
  name       TEXT   NOT NULL,              -- the task kind or the action; '': any
  subject    TEXT   NOT NULL,              -- the instance; '': any
  uses_left  BIGINT NOT NULL,
  spec       TEXT   NOT NULL,              -- JSON
  created_at BIGINT NOT NULL
);

-- A task or a request that was taken by a plan, or a task that a pace holds.
CREATE TABLE lever_use (
  id            @id,
  plan_id       BIGINT,                    -- NULL: only a pace
  task_id       BIGINT,
  request_id    TEXT   NOT NULL,
  subject       TEXT   NOT NULL,
  script        TEXT   NOT NULL,           -- JSON: what was decided for it
  polls         BIGINT NOT NULL DEFAULT 0, -- how often DescribeTaskInfo has asked
  delayed_until BIGINT,
  undo_failed   BIGINT NOT NULL DEFAULT 0,
  notes         TEXT   NOT NULL,           -- JSON: what happened when
  at            BIGINT NOT NULL
);
CREATE UNIQUE INDEX lever_use_task ON lever_use (task_id) WHERE task_id IS NOT NULL;

-- How fast the tasks of a kind go; '': of all kinds.
CREATE TABLE lever_pace (
  kind TEXT PRIMARY KEY,
  spec TEXT NOT NULL                       -- JSON
);

CREATE TABLE lever_setting (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

-- The instances that a seed file has made, by their names in it.
CREATE TABLE lever_seed (
  name        TEXT PRIMARY KEY,
  instance_id TEXT   NOT NULL,
  filled      BIGINT NOT NULL DEFAULT 0
);
