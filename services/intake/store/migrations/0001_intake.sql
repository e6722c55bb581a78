-- What intake keeps: the desk, contracts as known here, accepted returns, people, refusals, line statuses.

-- One row, locked once per group of acceptances: receipts are numbered without gaps, in order of
-- commit, and a day ends after its last acceptance. The latest time never goes back.
CREATE TABLE desk (
    is_only boolean NOT NULL DEFAULT true CONSTRAINT desk_pk PRIMARY KEY CONSTRAINT desk_single CHECK (is_only),
    receipt_no bigint NOT NULL CONSTRAINT desk_receipt_from_zero CHECK (receipt_no >= 0),
    day_ended date NOT NULL,
    latest_at timestamptz NOT NULL
) WITH (fillfactor = 20);

-- The newest version of each contract, as verification publishes it.
CREATE TABLE contract (
    contract_id text CONSTRAINT contract_pk PRIMARY KEY,
    version integer NOT NULL,
    body bytea NOT NULL
);

-- Each accepted revision, with its exact bytes and its receipt. Never updated.
CREATE TABLE accepted_return (
    return_id uuid CONSTRAINT accepted_return_pk PRIMARY KEY,
    receipt_no bigint NOT NULL
        CONSTRAINT accepted_return_receipt_once UNIQUE
        CONSTRAINT accepted_return_receipt_from_one CHECK (receipt_no >= 1),
    authority_id text NOT NULL,
    contract_id text NOT NULL,
    party_id text NOT NULL,
    period text NOT NULL CONSTRAINT accepted_return_period_form CHECK (period ~ '^\d{4}-(0[1-9]|1[0-2])$'),
    revision integer NOT NULL CONSTRAINT accepted_return_revision_from_one CHECK (revision >= 1),
    supersedes uuid CONSTRAINT accepted_return_supersedes_known REFERENCES accepted_return (return_id),
    body bytea NOT NULL,
    sha256 bytea NOT NULL CONSTRAINT accepted_return_sha256_length CHECK (octet_length(sha256) = 32),
    salt bytea NOT NULL CONSTRAINT accepted_return_salt_length CHECK (octet_length(salt) = 16),
    received_at timestamptz NOT NULL,
    merge_by timestamptz NOT NULL,
    signature bytea NOT NULL CONSTRAINT accepted_return_signature_length CHECK (octet_length(signature) = 64),
    public_key bytea NOT NULL CONSTRAINT accepted_return_key_length CHECK (octet_length(public_key) = 32),
    CONSTRAINT accepted_return_revision_once UNIQUE (contract_id, party_id, period, revision),
    CONSTRAINT accepted_return_bytes_once UNIQUE (party_id, sha256),
    CONSTRAINT accepted_return_first_or_supersedes CHECK ((revision = 1) = (supersedes IS NULL))
);
CREATE INDEX accepted_return_by_party ON accepted_return (party_id, receipt_no);

-- Withdrawals, receipted in the same order.
CREATE TABLE withdrawal (
    return_id uuid
        CONSTRAINT withdrawal_pk PRIMARY KEY
        CONSTRAINT withdrawal_of_known REFERENCES accepted_return (return_id),
    event_id uuid NOT NULL CONSTRAINT withdrawal_event_once UNIQUE,
    receipt_no bigint NOT NULL CONSTRAINT withdrawal_receipt_once UNIQUE,
    reason text NOT NULL CONSTRAINT withdrawal_reason_given CHECK (reason <> ''),
    withdrawn_at timestamptz NOT NULL,
    merge_by timestamptz NOT NULL,
    signature bytea NOT NULL CONSTRAINT withdrawal_signature_length CHECK (octet_length(signature) = 64),
    public_key bytea NOT NULL CONSTRAINT withdrawal_key_length CHECK (octet_length(public_key) = 32)
);

-- Which submission a party sent under which Idempotency-Key. Written with its return, which is never
-- deleted; a foreign key, looked up for each row, would cost more than everything else that is stored for it.
CREATE TABLE idempotency (
    party_id text NOT NULL,
    key text NOT NULL,
    return_id uuid NOT NULL,
    CONSTRAINT idempotency_pk PRIMARY KEY (party_id, key)
);

-- That there was a refusal. Never its content.
CREATE TABLE refusal (
    event_id uuid CONSTRAINT refusal_pk PRIMARY KEY,
    party_id text NOT NULL,
    contract_id text,
    route text NOT NULL CONSTRAINT refusal_route CHECK (route IN ('http', 'kafka')),
    rules text[] NOT NULL CONSTRAINT refusal_has_rules CHECK (cardinality(rules) > 0),
    faults integer NOT NULL CONSTRAINT refusal_has_faults CHECK (faults > 0),
    refused_at timestamptz NOT NULL
);

-- People: the only place that joins a reference to the random id that the other services see.
CREATE TABLE person (
    authority_id text NOT NULL,
    employer_id text NOT NULL,
    ref text NOT NULL,
    person_id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT person_id_once UNIQUE,
    CONSTRAINT person_pk PRIMARY KEY (authority_id, employer_id, ref)
);

-- Shared identifiers, as keyed hashes.
CREATE TABLE shared_person (
    keyed_hash bytea CONSTRAINT shared_person_pk PRIMARY KEY
        CONSTRAINT shared_person_hash_length CHECK (octet_length(keyed_hash) = 32),
    shared_person_id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT shared_person_id_once UNIQUE
);

-- What verification last said about a return's lines: an object by line (`line_status.LineStatus`).
-- Without a row, the return is received and not checked yet.
CREATE TABLE last_said (
    return_id uuid CONSTRAINT last_said_pk PRIMARY KEY,
    lines jsonb NOT NULL CONSTRAINT last_said_by_line CHECK (jsonb_typeof(lines) = 'object')
);

-- Which entry of the log an event became; for display only.
CREATE TABLE entry (
    event_id uuid CONSTRAINT entry_pk PRIMARY KEY,
    index bigint NOT NULL
);

-- Whose inbound topic a topic is: the exact name.
CREATE TABLE inbound_topic (
    topic text CONSTRAINT inbound_topic_pk PRIMARY KEY,
    party_id text NOT NULL CONSTRAINT inbound_topic_party_once UNIQUE,
    authority_id text NOT NULL
);
