-- The name in lower case: what is looked for within names, in whatever case it is given.
ALTER TABLE instance ADD COLUMN folded_name TEXT NOT NULL DEFAULT '';
UPDATE instance SET folded_name = lower(name);

-- Lists of tasks ask for the names and projects of all instances of an account, the rounds in the background for the hosts and
-- states of all: neither reads a row.
CREATE INDEX instance_named ON instance (account, region, folded_name, project_id, id);
CREATE INDEX instance_state ON instance (host, state, id);
DROP INDEX instance_host;
