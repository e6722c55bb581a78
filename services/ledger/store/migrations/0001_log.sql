-- The log, what is stored with it, and what is derived from it.

-- Every entry, for ever: its exact bytes and their hash, and its event, encrypted, with the leaf's
-- commitment to it. `idx` is the index in the Merkle tree. It is one row because each row costs time,
-- and nothing is moved out of the row because that would be a second one.
CREATE TABLE entry (
    idx bigint CONSTRAINT entry_pk PRIMARY KEY CONSTRAINT entry_from_zero CHECK (idx >= 0),
    event_id uuid NOT NULL CONSTRAINT entry_event_once UNIQUE,
    leaf bytea NOT NULL
        CONSTRAINT entry_leaf_fits_a_bundle CHECK (octet_length(leaf) <= 65535),
    leaf_hash bytea NOT NULL
        CONSTRAINT entry_leaf_hash_length CHECK (octet_length(leaf_hash) = 32),
    commitment bytea NOT NULL
        CONSTRAINT entry_commitment_length CHECK (octet_length(commitment) = 32),
    ciphertext bytea NOT NULL
) WITH (toast_tuple_target = 8160);
ALTER TABLE entry ALTER COLUMN ciphertext SET STORAGE EXTERNAL; -- it does not compress

-- Full tiles of the tree: 256 hashes each.
CREATE TABLE tile (
    level integer NOT NULL CONSTRAINT tile_level_range CHECK (level BETWEEN 0 AND 63),
    n bigint NOT NULL CONSTRAINT tile_from_zero CHECK (n >= 0),
    hashes bytea NOT NULL CONSTRAINT tile_is_full CHECK (octet_length(hashes) = 8192),
    CONSTRAINT tile_pk PRIMARY KEY (level, n)
);
ALTER TABLE tile ALTER COLUMN hashes SET STORAGE EXTERNAL; -- hashes do not compress

-- The one log of this installation: its name, its key, its size and its partial tiles. Whoever
-- appends locks it, which makes indexes gapless and the writer single. Made by `create-log` alone.
CREATE TABLE head (
    is_only boolean NOT NULL DEFAULT true
        CONSTRAINT head_pk PRIMARY KEY CONSTRAINT head_is_only CHECK (is_only),
    origin text NOT NULL,
    verifier_key text NOT NULL,
    size bigint NOT NULL CONSTRAINT head_size_from_zero CHECK (size >= 0),
    edge bytea NOT NULL
) WITH (fillfactor = 10);
ALTER TABLE head ALTER COLUMN edge SET STORAGE EXTERNAL;

-- What was signed, and the next offset of every partition when the tree had that size.
CREATE TABLE checkpoint (
    size bigint CONSTRAINT checkpoint_pk PRIMARY KEY
        CONSTRAINT checkpoint_size_from_zero CHECK (size >= 0),
    root bytea NOT NULL CONSTRAINT checkpoint_root_length CHECK (octet_length(root) = 32),
    note text NOT NULL,
    next_offsets jsonb NOT NULL,
    signed_at timestamptz NOT NULL DEFAULT now()
);

-- What decrypts an entry's event. Stored apart, so that forgetting is a deletion here and nowhere else.
CREATE TABLE payload_key (
    idx bigint CONSTRAINT payload_key_pk PRIMARY KEY,
    salt bytea NOT NULL,
    key bytea NOT NULL,
    nonce bytea NOT NULL
);

-- Offsets of repeats: records whose event is an entry already.
CREATE TABLE repeat (
    topic text NOT NULL,
    incarnation integer NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    idx bigint NOT NULL,
    CONSTRAINT repeat_pk PRIMARY KEY (topic, incarnation, partition, "offset")
);

-- Offsets at which a day ended: time is not an entry.
CREATE TABLE passed_day (
    topic text NOT NULL,
    incarnation integer NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    day date NOT NULL,
    CONSTRAINT passed_day_pk PRIMARY KEY (topic, incarnation, partition, "offset")
);

-- The end of each contract's chain. Derived from the log; it can be rebuilt.
CREATE TABLE contract_chain (
    contract_id text CONSTRAINT contract_chain_pk PRIMARY KEY,
    seq bigint NOT NULL CONSTRAINT contract_chain_from_one CHECK (seq >= 1),
    leaf_hash bytea NOT NULL
        CONSTRAINT contract_chain_leaf_hash_length CHECK (octet_length(leaf_hash) = 32)
) WITH (fillfactor = 50);

-- What entries are looked up by. Derived from events; it can be rebuilt.
CREATE TABLE entry_index (
    idx bigint CONSTRAINT entry_index_pk PRIMARY KEY,
    event_id uuid NOT NULL,
    caused_by uuid,
    type text NOT NULL,
    authority_id text NOT NULL,
    contract_id text,
    party_id text,
    period text,
    return_id uuid,
    commitment_ids text NOT NULL, -- separated by blanks
    occurred_at timestamptz NOT NULL
);
CREATE INDEX entry_index_by_authority ON entry_index (authority_id, idx);
CREATE INDEX entry_index_by_contract ON entry_index (contract_id, authority_id, idx);
CREATE INDEX entry_index_by_party ON entry_index (authority_id, party_id, idx);
CREATE INDEX entry_index_by_type ON entry_index (authority_id, type, idx)
    WHERE type NOT IN ('ReturnReceived', 'ReturnChecked'); -- most entries: never far
CREATE INDEX entry_index_by_period ON entry_index (period, authority_id, idx);
CREATE INDEX entry_index_by_time ON entry_index (authority_id, occurred_at, idx);
CREATE INDEX entry_index_of_returns ON entry_index (return_id) WHERE type = 'ReturnReceived';
-- These values come in runs: even if a value is common, its first entry may be behind millions of
-- others. Without statistics the planner assumes that each value is rare, and uses its index.
ALTER TABLE entry_index ALTER COLUMN authority_id SET STATISTICS 0;
ALTER TABLE entry_index ALTER COLUMN party_id SET STATISTICS 0;
ALTER TABLE entry_index ALTER COLUMN period SET STATISTICS 0;
ALTER TABLE entry_index ALTER COLUMN occurred_at SET STATISTICS 0;

-- Nothing that was recorded or signed is ever changed, by anyone. A superuser can drop the
-- triggers; the proofs then show it.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: the log only grows', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER entry_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tile_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON tile
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checkpoint_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE ON entry, tile, checkpoint, repeat, passed_day FROM makegood_ledger;
REVOKE INSERT, DELETE ON head FROM makegood_ledger;
REVOKE UPDATE ON payload_key FROM makegood_ledger;
