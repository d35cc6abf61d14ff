-- What operators do, and what they see.

-- 1 from an operator's cancel until the unwinding that it causes begins.
ALTER TABLE task ADD COLUMN cancelling BIGINT NOT NULL DEFAULT 0;

-- Who wrote the line, and how often the step, or its undo, had begun by then; empty and 0 in older lines.
ALTER TABLE task_event ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE task_event ADD COLUMN attempt BIGINT NOT NULL DEFAULT 0;

-- Written by whoever asks whether the state can be written.
CREATE TABLE readiness (
  owner TEXT PRIMARY KEY,
  at    BIGINT NOT NULL
);
