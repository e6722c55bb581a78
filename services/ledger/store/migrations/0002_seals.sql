-- The ledger's own mark on what it lists of an offset (`shared/delivery/seals.py`). The rows hold
-- what fsck needs to make it again; the key is not in the database.
ALTER TABLE repeat ADD COLUMN seal bytea;
ALTER TABLE passed_day ADD COLUMN seal bytea;
