-- Who may do what: sub-users, policies, roles, and which policy is attached to whom. Times are milliseconds since 1970.

-- Users beside the main account's own, which has no row.
CREATE TABLE cam_user (
  uin          TEXT PRIMARY KEY,
  account      TEXT   NOT NULL REFERENCES account(uin),
  name         TEXT   NOT NULL,
  remark       TEXT   NOT NULL,
  phone        TEXT   NOT NULL,
  country_code TEXT   NOT NULL,
  email        TEXT   NOT NULL,
  created_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX cam_user_name ON cam_user (account, name);

ALTER TABLE access_key ADD COLUMN status TEXT NOT NULL DEFAULT 'Active';    -- or 'Inactive'
ALTER TABLE access_key ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE access_key ADD COLUMN last_used_at BIGINT;                      -- within a minute or so; NULL: never
CREATE INDEX access_key_holder ON access_key (account, uin, created_at);

-- Policies that customers made. Those that exist without anybody having made them have no row; their ids are below 1000.
CREATE TABLE cam_policy (
  id          BIGINT PRIMARY KEY,             -- at random, so that it tells nothing of other accounts
  account     TEXT   NOT NULL REFERENCES account(uin),
  name        TEXT   NOT NULL,
  description TEXT   NOT NULL,
  document    TEXT   NOT NULL,
  tags        TEXT   NOT NULL,                -- JSON: a list of [key, value]
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX cam_policy_name ON cam_policy (account, name);

CREATE TABLE cam_role (
  id               TEXT PRIMARY KEY,          -- at random, as above
  account          TEXT   NOT NULL REFERENCES account(uin),
  name             TEXT   NOT NULL,
  description      TEXT   NOT NULL,
  document         TEXT   NOT NULL,           -- whom it trusts
  session_duration BIGINT NOT NULL,           -- seconds that its temporary keys may live at most
  tags             TEXT   NOT NULL,           -- as above
  created_at       BIGINT NOT NULL,
  updated_at       BIGINT NOT NULL
);
CREATE UNIQUE INDEX cam_role_name ON cam_role (account, name);

CREATE TABLE cam_attachment (
  account    TEXT   NOT NULL REFERENCES account(uin),
  kind       TEXT   NOT NULL CHECK (kind IN ('user', 'role')),
  holder     TEXT   NOT NULL,                 -- a user's uin or a role's id
  policy_id  BIGINT NOT NULL,
  operator   TEXT   NOT NULL,                 -- who attached it
  created_at BIGINT NOT NULL,
  PRIMARY KEY (kind, holder, policy_id)
);
CREATE INDEX cam_attachment_policy ON cam_attachment (account, policy_id, kind);

-- One row: counts the changes of all of this, so that each process notices that what it remembers is old.
CREATE TABLE identity (
  id      BIGINT PRIMARY KEY CHECK (id = 1),
  version BIGINT NOT NULL
);
INSERT INTO identity (id, version) VALUES (1, 0);
