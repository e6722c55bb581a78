-- What a contract, its suppliers and its commitments are called, for display: as published last.
ALTER TABLE contract ADD COLUMN names jsonb;
