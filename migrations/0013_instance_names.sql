-- Whenever an instance is made, named or moved to another project, its row gets the next number. Lists of tasks ask for the names and
-- projects of all instances of an account: they are kept in memory, and no more is read than what has changed since.
ALTER TABLE instance ADD COLUMN named_no BIGINT NOT NULL DEFAULT 1;
CREATE INDEX instance_named_no ON instance (named_no);
DROP INDEX instance_named;
