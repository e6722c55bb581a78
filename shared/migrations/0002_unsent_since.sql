-- Since when a message has waited for the broker. A message that is published again after a loss may
-- be old, but has waited for a moment only.
ALTER TABLE outbox_unsent ADD COLUMN since timestamptz NOT NULL DEFAULT now();
