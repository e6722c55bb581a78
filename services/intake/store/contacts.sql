-- The people of suppliers who are told of changes. `contacts.py` has the functions.

-- name: list_contacts(party_id, authority_id)
-- The contacts of a supplier under an authority.
SELECT recipient_id AS person_id, address, is_on, set_by, set_at FROM recipient
WHERE authority_id = :authority_id AND party_id = :party_id AND channel = 'email'
ORDER BY recipient_id;

-- name: count_contacts(party_id, authority_id)$
-- How many these are.
SELECT count(*) FROM recipient WHERE authority_id = :authority_id AND party_id = :party_id;

-- name: lock_contact(person_id)^
-- Whose recipient somebody is, locked until the transaction ends.
SELECT authority_id, party_id FROM recipient WHERE recipient_id = :person_id FOR UPDATE;

-- name: drop_contact(person_id, party_id, authority_id)$
-- A contact with its address and its choices.
DELETE FROM recipient
WHERE recipient_id = :person_id AND authority_id = :authority_id AND party_id = :party_id
RETURNING recipient_id;

-- name: drop_notifications(person_id)!
-- What somebody was told, and was to be told.
DELETE FROM notification WHERE recipient_id = :person_id;

-- name: drop_dispatches(person_id)!
-- The mails to somebody, with what servers said of them, which may have the address.
DELETE FROM dispatch WHERE recipient_id = :person_id;

-- name: load_people(authority_ids, party_ids)
-- The people of these suppliers who can be told, and their choices.
SELECT authority_id, party_id, recipient_id, choices::text AS choices FROM recipient
WHERE (authority_id, party_id) IN (
    SELECT * FROM unnest(:authority_ids::text[], :party_ids::text[])
) AND is_on
ORDER BY recipient_id;
