-- Machines and processes. Times are milliseconds since 1970, by the database's clock where it is shared.

-- One row: what tells this state from every other, so that a folder of nodes is never looked after for the wrong one.
CREATE TABLE deployment (
  id         TEXT PRIMARY KEY,
  created_at BIGINT NOT NULL
);

-- A machine that instances are placed on.
CREATE TABLE host (
  name         TEXT PRIMARY KEY,
  folder       TEXT NOT NULL,                  -- the id of its folder of nodes
  keeper       TEXT NOT NULL DEFAULT '',       -- the process that does the rounds on it, until then
  keeper_until BIGINT NOT NULL DEFAULT 0,
  created_at   BIGINT NOT NULL
);

-- A process that serves.
CREATE TABLE process (
  id         TEXT PRIMARY KEY,
  host       TEXT NOT NULL,
  role       TEXT NOT NULL CHECK (role IN ('api', 'worker', 'all')),
  address    TEXT NOT NULL,                    -- where it answers requests; '' when it does not
  started_at BIGINT NOT NULL,
  seen_at    BIGINT NOT NULL
);
CREATE INDEX process_host ON process (host, seen_at);

ALTER TABLE instance ADD COLUMN host TEXT NOT NULL DEFAULT '';
CREATE INDEX instance_host ON instance (host) WHERE state IN ('creating', 'running', 'isolated');

-- Two hosts may both have 127.0.0.1.
ALTER TABLE node ADD COLUMN host TEXT NOT NULL DEFAULT '';
DROP INDEX node_port;
CREATE UNIQUE INDEX node_port ON node (host, address, port) WHERE port IS NOT NULL;
