-- Who can be told, and where. `recipients.py` has the functions.

-- name: set_recipient(recipient_id, authority_id, party_id, channel, address, secret, choices, is_on, set_by, set_at)!
-- A recipient, or a new address of one; its choices stay as they are.
INSERT INTO recipient (recipient_id, authority_id, party_id, channel, address, secret, choices, is_on,
    set_by, set_at)
VALUES (:recipient_id, :authority_id, :party_id, :channel, :address, :secret, :choices, :is_on, :set_by,
    :set_at)
ON CONFLICT ON CONSTRAINT recipient_pk DO UPDATE SET
    address = excluded.address, secret = excluded.secret, is_on = excluded.is_on,
    set_by = excluded.set_by, set_at = excluded.set_at;

-- name: set_choices(recipient_id, choices)$
-- How a recipient wants to be told; its id, if it is there.
UPDATE recipient SET choices = :choices WHERE recipient_id = :recipient_id RETURNING recipient_id;

-- name: switch_off(recipient_id)!
-- Tells a recipient nothing more.
UPDATE recipient SET is_on = false WHERE recipient_id = :recipient_id;

-- name: load_recipients(recipient_ids)
-- Recipients by id, also those that are switched off.
SELECT recipient_id, authority_id, party_id, channel, address, secret, choices, is_on
FROM recipient WHERE recipient_id = ANY(:recipient_ids::text[]);

-- name: list_webhooks(authority_ids)
-- The webhooks of authorities that are switched on.
SELECT recipient_id, authority_id, party_id, channel, address, secret, choices, is_on
FROM recipient
WHERE authority_id = ANY(:authority_ids::text[]) AND channel = 'webhook' AND party_id IS NULL AND is_on
ORDER BY recipient_id;

-- name: list_people(authority_id, after, limit)
-- A page of the people of an authority itself who have an address.
SELECT recipient_id, authority_id, party_id, channel, address, secret, choices, is_on
FROM recipient
WHERE authority_id = :authority_id AND channel = 'email' AND party_id IS NULL AND is_on
    AND recipient_id > :after
ORDER BY recipient_id
LIMIT :limit;

-- name: count_people(authority_id)$
-- How many people of an authority itself have an address.
SELECT count(*) FROM recipient
WHERE authority_id = :authority_id AND channel = 'email' AND party_id IS NULL AND is_on;

-- name: drop_recipient(recipient_id, authority_id)$
-- A recipient of an authority's own, with all that was sent or was to be sent there.
WITH gone AS (
    DELETE FROM recipient
    WHERE recipient_id = :recipient_id AND authority_id = :authority_id AND party_id IS NULL
    RETURNING recipient_id
), told AS (
    DELETE FROM notification AS n USING gone AS g WHERE n.recipient_id = g.recipient_id
), sent AS (
    DELETE FROM dispatch AS d USING gone AS g WHERE d.recipient_id = g.recipient_id
)
SELECT recipient_id FROM gone;
