-- Returns that suppliers are filling in: one for each authority, party, contract and month. They are
-- nobody else's business until they are sent, and go by themselves.
CREATE TABLE draft (
    authority_id text NOT NULL,
    party_id text NOT NULL,
    contract_id text NOT NULL,
    period text NOT NULL CONSTRAINT draft_period_form CHECK (period ~ '^\d{4}-(0[1-9]|1[0-2])$'),
    key uuid NOT NULL,
    body bytea NOT NULL,
    answers jsonb NOT NULL CONSTRAINT draft_answers_by_promise CHECK (jsonb_typeof(answers) = 'object'),
    version integer NOT NULL CONSTRAINT draft_version_from_one CHECK (version >= 1),
    saved_by text NOT NULL,
    saved_at timestamptz NOT NULL,
    gone_on date NOT NULL,
    CONSTRAINT draft_pk PRIMARY KEY (party_id, authority_id, contract_id, period)
);
CREATE INDEX draft_gone ON draft (gone_on);
