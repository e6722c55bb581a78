-- Webhooks, which are recipients of an authority. `webhooks.py` has the functions.

-- name: list_webhooks(authority_id)
-- All of an authority, the newest first; not their secrets.
SELECT recipient_id, address, choices, is_on, set_by, set_at
FROM recipient
WHERE authority_id = :authority_id AND channel = 'webhook'
ORDER BY set_at DESC, recipient_id;

-- name: lock_webhooks(authority_id)^
-- Whoever enters one for the authority waits until this transaction has ended.
SELECT pg_advisory_xact_lock(hashtextextended('webhooks of ' || :authority_id::text, 0));

-- name: count_webhooks(authority_id)$
-- How many an authority has, also those that are switched off.
SELECT count(*) FROM recipient WHERE authority_id = :authority_id AND channel = 'webhook';

-- name: drop_webhook(authority_id, recipient_id)$
-- Removes one; its id, if the authority had it.
DELETE FROM recipient
WHERE authority_id = :authority_id AND recipient_id = :recipient_id AND channel = 'webhook'
RETURNING recipient_id;

-- name: drop_waiting(recipient_id)!
-- Forgets what it is to be told and is in no dispatch yet.
DELETE FROM notification WHERE recipient_id = :recipient_id AND dispatch_id IS NULL;
