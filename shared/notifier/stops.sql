-- Telling somebody less. `stops.py` has the functions.

-- name: set_never(recipient_id, never)$
-- The kinds that a recipient is told of no more, beside what was chosen of the others; the id, if it is
-- there.
UPDATE recipient SET choices = choices || :never::jsonb WHERE recipient_id = :recipient_id
RETURNING recipient_id;

-- name: drop_waiting(recipient_id, kinds)!
-- What was to be told of these kinds and is in no dispatch yet; not reminders, which are a kind of their
-- own.
DELETE FROM notification
WHERE recipient_id = :recipient_id AND kind = ANY(:kinds::text[]) AND step = 'raised'
    AND dispatch_id IS NULL;
