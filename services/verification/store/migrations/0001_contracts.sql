-- What verification keeps: contracts with their journals, and what was decided, for reading.

-- One row per contract, with the state of its fold. Whoever adds to its journal locks the row, which
-- orders its messages. Names and titles are in `words` (JSON); events carry only their digest.
CREATE TABLE contract (
    contract_id text COLLATE "C" CONSTRAINT contract_pk PRIMARY KEY,
    authority_id text NOT NULL,
    partition integer NOT NULL CONSTRAINT contract_partition_from_zero CHECK (partition >= 0),
    version integer NOT NULL CONSTRAINT contract_version_from_one CHECK (version >= 1),
    inputs integer NOT NULL CONSTRAINT contract_inputs_from_one CHECK (inputs >= 1),
    wake_on date,
    state bytea NOT NULL,
    supplier_ids text[] NOT NULL CONSTRAINT contract_has_suppliers CHECK (cardinality(supplier_ids) > 0),
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    ocid text,
    award_id text,
    published_at timestamptz,
    buyer_id text,
    words bytea NOT NULL,
    words_salt bytea NOT NULL CONSTRAINT contract_salt_length CHECK (octet_length(words_salt) = 16),
    CONSTRAINT contract_period CHECK (starts_on <= ends_on),
    CONSTRAINT contract_award_has_ocid CHECK (award_id IS NULL OR ocid IS NOT NULL),
    CONSTRAINT contract_award_once UNIQUE (authority_id, ocid, award_id)
) WITH (fillfactor = 50, toast_tuple_target = 8160);
CREATE INDEX contract_waking ON contract (partition, wake_on);

-- A contract's inputs in the order of their folding, with the foreign facts that each used. The
-- state, and everything below, can be rebuilt from here. Never updated.
CREATE TABLE journal (
    contract_id text COLLATE "C" NOT NULL,
    seq integer NOT NULL CONSTRAINT journal_seq_from_one CHECK (seq >= 1),
    event_id uuid NOT NULL,
    type text NOT NULL,
    occurred_at timestamptz NOT NULL,
    body bytea NOT NULL,
    facts bytea NOT NULL,
    CONSTRAINT journal_pk PRIMARY KEY (contract_id, seq),
    CONSTRAINT journal_event_once UNIQUE (event_id, contract_id)
);
REVOKE UPDATE, DELETE ON journal FROM makegood_verification;

-- Days whose end was processed, for each partition of `returns`.
CREATE TABLE ended_day (
    partition integer NOT NULL,
    day date NOT NULL,
    event_id uuid NOT NULL CONSTRAINT ended_day_event_once UNIQUE,
    digest bytea NOT NULL CONSTRAINT ended_day_digest_length CHECK (octet_length(digest) = 32),
    CONSTRAINT ended_day_pk PRIMARY KEY (partition, day)
);

-- One row per current return with lines: `lines` are its lines with their results as the fold keeps
-- them (JSON), `outcomes` are the different ones among them, sorted and separated by blanks. A row that
-- fits on a page is not packed.
CREATE TABLE checked_return (
    contract_id text COLLATE "C" NOT NULL,
    period text COLLATE "C" NOT NULL,
    party_id text COLLATE "C" NOT NULL,
    outcomes text NOT NULL CONSTRAINT checked_return_has_lines CHECK (outcomes <> ''),
    lines bytea NOT NULL,
    CONSTRAINT checked_return_pk PRIMARY KEY (contract_id, period, party_id)
) WITH (toast_tuple_target = 8160);
CREATE INDEX checked_return_in_doubt ON checked_return (contract_id, period, party_id)
    WHERE outcomes <> 'counted';

-- Every claim to a thing that counts once, also the displaced ones (rules V6, V12); `claim`
-- is the claim as the fold keeps it (JSON).
CREATE TABLE claim (
    key bytea NOT NULL CONSTRAINT claim_key_length CHECK (octet_length(key) = 32),
    contract_id text COLLATE "C" NOT NULL,
    party_id text COLLATE "C" NOT NULL,
    period text COLLATE "C" NOT NULL,
    line_id text COLLATE "C" NOT NULL,
    claim bytea NOT NULL,
    CONSTRAINT claim_pk PRIMARY KEY (key, contract_id, party_id, period, line_id)
);

-- Versions of commitments, from the proposal on. The fold knows only the active ones.
CREATE TABLE commitment (
    contract_id text COLLATE "C" NOT NULL
        CONSTRAINT commitment_of_contract REFERENCES contract (contract_id),
    commitment_id text COLLATE "C" NOT NULL,
    version integer NOT NULL CONSTRAINT commitment_version_from_one CHECK (version >= 1),
    state text NOT NULL CONSTRAINT commitment_state
        CHECK (state IN ('needs_structuring', 'draft', 'active', 'replaced')),
    title text NOT NULL,
    terms bytea,
    words text,
    reason text,
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    approved_by text,
    approved_at timestamptz,
    CONSTRAINT commitment_pk PRIMARY KEY (contract_id, commitment_id, version),
    CONSTRAINT commitment_structured CHECK (terms IS NOT NULL OR state <> 'draft'),
    CONSTRAINT commitment_two_people CHECK (approved_by <> proposed_by), -- rule P3
    CONSTRAINT commitment_approved CHECK ((state = 'active') = (approved_by IS NOT NULL)),
    CONSTRAINT commitment_approved_at CHECK ((approved_by IS NULL) = (approved_at IS NULL))
);
CREATE UNIQUE INDEX commitment_one_proposal ON commitment (contract_id, commitment_id)
    WHERE state IN ('needs_structuring', 'draft');

-- Every assessment that was made (rule A9): one row per input that led to some, with all of them
-- (JSON). If there are several of one commitment and period, the last row holds.
CREATE TABLE assessment (
    contract_id text COLLATE "C" NOT NULL,
    inputs integer NOT NULL,
    event_id uuid NOT NULL,
    assessed_at timestamptz NOT NULL,
    assessments bytea NOT NULL,
    CONSTRAINT assessment_pk PRIMARY KEY (contract_id, inputs)
);

-- Cases in their current state (rule C2).
CREATE TABLE contract_case (
    case_id uuid CONSTRAINT contract_case_pk PRIMARY KEY,
    contract_id text COLLATE "C" NOT NULL,
    kind text NOT NULL CONSTRAINT contract_case_kind CHECK (kind IN ('shortfall', 'no_data')),
    commitment_id text,
    party_id text,
    period text NOT NULL,
    state text NOT NULL,
    reason text NOT NULL,
    opened_at timestamptz NOT NULL,
    moved_at timestamptz NOT NULL,
    CONSTRAINT contract_case_subject CHECK ((kind = 'shortfall') = (commitment_id IS NOT NULL))
);
CREATE INDEX contract_case_of_contract ON contract_case (contract_id);

-- Alerts as raised: ids and figures. Their words are made when they are read.
CREATE TABLE alert (
    event_id uuid CONSTRAINT alert_pk PRIMARY KEY,
    contract_id text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    raised_at timestamptz NOT NULL,
    body bytea NOT NULL
);
CREATE INDEX alert_newest ON alert (raised_at DESC, event_id DESC);
CREATE INDEX alert_of_contract ON alert (contract_id);
