-- Beyond a number a day, a party's refusals are told together when the day ends.
ALTER TABLE refusal
    ADD COLUMN authority_id text,
    ADD COLUMN is_told boolean NOT NULL DEFAULT true;
CREATE INDEX refusal_told ON refusal (party_id, refused_at) WHERE is_told;
CREATE INDEX refusal_untold ON refusal (refused_at) WHERE NOT is_told;
