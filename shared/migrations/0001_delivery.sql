-- What every service keeps for delivery: messages to send, events seen, offsets, parked records,
-- tokens.

-- Messages of committed transactions, kept so that they can be published again. Never updated.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT outbox_pk PRIMARY KEY,
    topic text NOT NULL,
    partition integer,
    key text NOT NULL,
    event_id uuid NOT NULL CONSTRAINT outbox_event_once UNIQUE,
    type text NOT NULL,
    occurred_at timestamptz NOT NULL,
    body bytea NOT NULL,
    posted_at timestamptz NOT NULL DEFAULT now()
);

-- Messages that the broker has not yet acknowledged. The acknowledgement deletes the row.
CREATE TABLE outbox_unsent (
    id bigint CONSTRAINT outbox_unsent_pk PRIMARY KEY
);

-- Events that were processed, where no natural unique key shows it. The digest shows when the same id
-- comes with different bytes.
CREATE TABLE inbox (
    event_id uuid CONSTRAINT inbox_pk PRIMARY KEY,
    digest bytea NOT NULL CONSTRAINT inbox_digest_length CHECK (octet_length(digest) = 32)
);

-- Which incarnation of a topic is read: the operator raises it after a loss.
CREATE TABLE topic_incarnation (
    topic text CONSTRAINT topic_incarnation_pk PRIMARY KEY,
    incarnation integer NOT NULL DEFAULT 1 CONSTRAINT topic_incarnation_from_one CHECK (incarnation >= 1),
    cluster_id text NOT NULL
);

-- The next offset to read of every partition, and the digest of the record before it.
CREATE TABLE consumer_offset (
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL CONSTRAINT consumer_offset_from_zero CHECK (next_offset >= 0),
    last_digest bytea,
    CONSTRAINT consumer_offset_pk PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

-- Offsets that never had a record, or whose record expired before it was read.
CREATE TABLE consumer_hole (
    topic text NOT NULL,
    incarnation integer NOT NULL,
    partition integer NOT NULL,
    first_offset bigint NOT NULL,
    next_offset bigint NOT NULL,
    has_expired boolean NOT NULL,
    found_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT consumer_hole_pk PRIMARY KEY (topic, incarnation, partition, first_offset)
);

-- Records that could not be read or processed, sealed with the service's parking key.
CREATE TABLE parked (
    topic text NOT NULL,
    incarnation integer NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    reason text NOT NULL,
    salt bytea NOT NULL,
    sealed bytea NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT parked_pk PRIMARY KEY (topic, incarnation, partition, "offset")
);

-- Bearer tokens of machines: random, stored hashed.
CREATE TABLE token (
    token_hash bytea CONSTRAINT token_pk PRIMARY KEY CONSTRAINT token_hash_length CHECK (octet_length(token_hash) = 32),
    actor_id text NOT NULL,
    role text NOT NULL CONSTRAINT token_role CHECK (role IN ('supplier', 'manager', 'approver', 'auditor', 'operator')),
    authority_id text NOT NULL,
    party_id text CONSTRAINT token_party CHECK ((role = 'supplier') = (party_id IS NOT NULL)),
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);
