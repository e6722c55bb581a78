-- The ledger's own mark on what it lists of an offset (`shared/delivery/marks.py`). The rows hold
-- what fsck needs to make it again; the key is not in the database.
ALTER TABLE repeat ADD COLUMN mark bytea;
ALTER TABLE passed_day ADD COLUMN mark bytea;
