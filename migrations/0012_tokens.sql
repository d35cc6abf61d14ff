-- What the tokens of temporary keys are sealed with: one row, made by the first start, read by each process at its start.
CREATE TABLE token_seal (
  id         BIGINT PRIMARY KEY CHECK (id = 1),
  secret     TEXT   NOT NULL,                  -- 64 hexadecimal digits
  created_at BIGINT NOT NULL
);
