-- Which event a parked record has, and which return with a receipt it is about, as far as its bytes
-- tell; and when the event was processed after all. Rows stay: they account for their offsets.
ALTER TABLE parked
    ADD COLUMN event_id uuid,
    ADD COLUMN return_id uuid,
    ADD COLUMN taken_up_at timestamptz;
CREATE INDEX parked_waiting ON parked (event_id) WHERE event_id IS NOT NULL AND taken_up_at IS NULL;
