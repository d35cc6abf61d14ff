-- The control plane's own tables. Times are milliseconds since 1970, truth values 0 and 1, lists JSON text.

CREATE TABLE account (
  uin        TEXT PRIMARY KEY,
  app_id     BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE access_key (
  secret_id  TEXT PRIMARY KEY,
  secret_key TEXT NOT NULL,
  account    TEXT NOT NULL REFERENCES account(uin),
  uin        TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

-- An instance's intent. Its wire status is derived from `state`, its live task and the time; see store/instance.rs.
CREATE TABLE instance (
  id                TEXT PRIMARY KEY,
  account           TEXT NOT NULL REFERENCES account(uin),
  region            TEXT NOT NULL,
  zone_id           BIGINT NOT NULL,
  name              TEXT NOT NULL,
  type_id           BIGINT NOT NULL,
  mem_mb            BIGINT NOT NULL,
  shards            BIGINT NOT NULL,
  replicas          BIGINT NOT NULL,
  replicas_readonly BIGINT NOT NULL,
  state             TEXT NOT NULL CHECK (state IN ('creating', 'running', 'isolated', 'cleaned', 'failed')),
  billing_mode      BIGINT NOT NULL,
  period            BIGINT NOT NULL,
  auto_renew        BIGINT NOT NULL,
  project_id        BIGINT NOT NULL,
  vpc_id            TEXT NOT NULL,
  subnet_id         TEXT NOT NULL,
  -- The endpoint belongs to the instance, never to a node. `vport` is what was asked for, `port` what it got.
  vport             BIGINT NOT NULL,
  address           TEXT NOT NULL,
  port              BIGINT NOT NULL,
  no_auth           BIGINT NOT NULL,
  password_sha256   TEXT NOT NULL,
  secret            TEXT NOT NULL,
  security_groups   TEXT NOT NULL,
  template_id       TEXT NOT NULL,
  product_version   TEXT NOT NULL,
  delete_protection BIGINT NOT NULL,
  window_start      TEXT NOT NULL,
  window_end        TEXT NOT NULL,
  deal_name         TEXT NOT NULL,
  engine            TEXT NOT NULL,
  -- The last generation under which a task touched the nodes.
  generation        BIGINT NOT NULL,
  created_at        BIGINT NOT NULL,
  deadline_at       BIGINT,
  isolated_at       BIGINT,
  cleaned_at        BIGINT
);
CREATE INDEX instance_owner ON instance (account, region, created_at);
CREATE INDEX instance_isolated ON instance (isolated_at) WHERE state = 'isolated';

-- A redis process that should exist, and what was last seen of it.
CREATE TABLE node (
  instance_id TEXT NOT NULL REFERENCES instance(id),
  name        TEXT NOT NULL,
  shard       BIGINT NOT NULL,
  ordinal     BIGINT NOT NULL,
  node_id     TEXT NOT NULL,
  address     TEXT,
  port        BIGINT,
  seen_state  TEXT NOT NULL DEFAULT '',
  seen_role   TEXT NOT NULL DEFAULT '',
  seen_memory BIGINT NOT NULL DEFAULT 0,
  seen_keys   BIGINT NOT NULL DEFAULT 0,
  seen_version TEXT NOT NULL DEFAULT '',
  seen_at     BIGINT,
  PRIMARY KEY (instance_id, name)
);
CREATE UNIQUE INDEX node_port ON node (address, port) WHERE port IS NOT NULL;

CREATE TABLE deal (
  id           @id,
  name         TEXT NOT NULL UNIQUE,
  account      TEXT NOT NULL REFERENCES account(uin),
  region       TEXT NOT NULL,
  creator      TEXT NOT NULL,
  goods        BIGINT NOT NULL,
  instance_ids TEXT NOT NULL,
  created_at   BIGINT NOT NULL
);

CREATE TABLE tag (
  account     TEXT NOT NULL REFERENCES account(uin),
  instance_id TEXT NOT NULL REFERENCES instance(id),
  key         TEXT NOT NULL,
  value       TEXT NOT NULL,
  PRIMARY KEY (instance_id, key)
);
CREATE INDEX tag_key ON tag (account, key, value);
