-- A refusal can be read later: the month, and the first faults without anything that was sent. Beyond
-- a number a day, `count` refusals of a party and day are one row, with no faults.
ALTER TABLE refusal
    ADD COLUMN period text,
    ADD COLUMN details jsonb NOT NULL DEFAULT '[]' CONSTRAINT refusal_details_listed CHECK (jsonb_typeof(details) = 'array'),
    ADD COLUMN count integer NOT NULL DEFAULT 1 CONSTRAINT refusal_count_from_one CHECK (count >= 1);
CREATE INDEX refusal_newest ON refusal (authority_id, refused_at, event_id) WHERE is_told;

-- Whether a party has a topic on which it is answered. One whose inbound topic was made before gets it
-- with its next credentials.
ALTER TABLE inbound_topic ADD COLUMN has_replies boolean NOT NULL DEFAULT false;
