-- Alerts that suppliers' people are told of: intake keeps no others. They go after 90 days.
CREATE TABLE told (
    event_id uuid CONSTRAINT told_pk PRIMARY KEY,
    contract_id text NOT NULL,
    body bytea NOT NULL,
    told_at timestamptz NOT NULL
);
CREATE INDEX told_oldest ON told (told_at);
