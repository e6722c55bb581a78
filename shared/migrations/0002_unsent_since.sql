-- Since when a letter has waited for the broker: one that is published again after a loss was posted
-- long ago, and has waited for a moment.
ALTER TABLE outbox_unsent ADD COLUMN since timestamptz NOT NULL DEFAULT now();
