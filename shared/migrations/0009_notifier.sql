-- Who can be told of changes, what they are to be told, and what was sent to them. The addresses stay
-- in this schema: they never go over a topic.

-- A person with an e-mail address, or a program's webhook. `choices` says how each kind is told, where
-- that differs from what is usual.
CREATE TABLE recipient (
    recipient_id text COLLATE "C" CONSTRAINT recipient_pk PRIMARY KEY,
    authority_id text NOT NULL,
    party_id text,
    channel text NOT NULL CONSTRAINT recipient_channel CHECK (channel IN ('email', 'webhook')),
    address text NOT NULL,
    secret bytea,
    choices jsonb NOT NULL DEFAULT '{}',
    is_on boolean NOT NULL DEFAULT true,
    set_by text NOT NULL,
    set_at timestamptz NOT NULL,
    CONSTRAINT recipient_secret CHECK ((channel = 'webhook') = (secret IS NOT NULL))
);
CREATE INDEX recipient_of_party ON recipient (authority_id, party_id);

-- That one recipient is to be told of one change: once for each step. Without a dispatch it waits.
CREATE TABLE notification (
    event_id uuid NOT NULL,
    step text NOT NULL,
    recipient_id text COLLATE "C" NOT NULL,
    authority_id text NOT NULL,
    contract_id text,
    kind text NOT NULL,
    how text NOT NULL CONSTRAINT notification_how CHECK (how IN ('at_once', 'daily')),
    rank integer NOT NULL,
    due_at timestamptz NOT NULL,
    dispatch_id uuid,
    CONSTRAINT notification_pk PRIMARY KEY (event_id, step, recipient_id)
);
CREATE INDEX notification_waiting ON notification (due_at) WHERE dispatch_id IS NULL;
CREATE INDEX notification_of_dispatch ON notification (dispatch_id, rank);

-- One mail or one call of a webhook. `due_at` is in the time of the service's clock, everything else in
-- the machine's.
CREATE TABLE dispatch (
    dispatch_id uuid CONSTRAINT dispatch_pk PRIMARY KEY,
    recipient_id text COLLATE "C" NOT NULL,
    authority_id text NOT NULL,
    channel text NOT NULL CONSTRAINT dispatch_channel CHECK (channel IN ('email', 'webhook')),
    due_at timestamptz NOT NULL,
    planned_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'waiting' CONSTRAINT dispatch_state
        CHECK (state IN ('waiting', 'sending', 'sent', 'refused', 'given_up', 'doubtful', 'passed')),
    is_repeat boolean NOT NULL DEFAULT false,
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL DEFAULT now(),
    lease uuid,
    leased_until timestamptz,
    ended_at timestamptz,
    answer text,
    CONSTRAINT dispatch_leased CHECK ((state = 'sending') = (lease IS NOT NULL)),
    CONSTRAINT dispatch_lease_ends CHECK ((lease IS NULL) = (leased_until IS NULL)),
    CONSTRAINT dispatch_ended CHECK ((state IN ('waiting', 'sending')) = (ended_at IS NULL))
);
CREATE INDEX dispatch_open ON dispatch (channel, next_at, dispatch_id) WHERE state IN ('waiting', 'sending');
CREATE INDEX dispatch_of_recipient ON dispatch (recipient_id, due_at);
CREATE INDEX dispatch_newest ON dispatch (authority_id, planned_at DESC, dispatch_id DESC);
