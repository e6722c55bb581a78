-- Where each contract stands now: returns that are owed, and for each commitment its last rating and
-- figures (JSON, as `domain/standing.py` makes them of the state). One row per contract, written with
-- the fold, so that a list over all contracts need not read their states.
CREATE TABLE standing (
    contract_id text COLLATE "C" CONSTRAINT standing_pk PRIMARY KEY,
    authority_id text NOT NULL,
    missing json NOT NULL,
    commitments json NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX standing_of_authority ON standing (authority_id);
