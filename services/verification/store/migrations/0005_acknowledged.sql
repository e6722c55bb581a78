-- Who acknowledged an alert, and when (rule L3). The journal has it too.
ALTER TABLE alert ADD COLUMN acknowledged_by text, ADD COLUMN acknowledged_at timestamptz,
    ADD CONSTRAINT alert_acknowledged CHECK ((acknowledged_by IS NULL) = (acknowledged_at IS NULL));
