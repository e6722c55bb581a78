-- What a contract, its suppliers and its commitments are called, for display only: as published last.
-- It is no part of the log.
CREATE TABLE contract_names (
    contract_id text COLLATE "C" CONSTRAINT contract_names_pk PRIMARY KEY,
    authority_id text NOT NULL,
    names jsonb NOT NULL,
    said_at timestamptz NOT NULL
);
