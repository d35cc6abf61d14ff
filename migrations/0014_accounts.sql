-- What the operator calls a main account.
ALTER TABLE account ADD COLUMN name TEXT NOT NULL DEFAULT '';
