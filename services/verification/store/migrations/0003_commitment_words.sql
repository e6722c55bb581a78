-- What people write about a version stays in this service; its event carries a salted digest of it.
ALTER TABLE commitment ADD COLUMN words_salt bytea NOT NULL DEFAULT ''::bytea;
