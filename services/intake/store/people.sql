-- The random ids of people. `people.py` has the functions.

-- name: load_people(authority_ids, employer_ids, refs)
-- The people that are known among those that a group refers to.
SELECT authority_id, employer_id, ref, person_id
FROM unnest(:authority_ids::text[], :employer_ids::text[], :refs::text[])
    AS w (authority_id, employer_id, ref)
JOIN person AS p USING (authority_id, employer_id, ref);

-- name: add_people(authority_ids, employer_ids, refs)
-- New people, under the lock of the desk.
INSERT INTO person (authority_id, employer_id, ref)
SELECT authority_id, employer_id, ref
FROM unnest(:authority_ids::text[], :employer_ids::text[], :refs::text[])
    AS n (authority_id, employer_id, ref)
ORDER BY authority_id, employer_id, ref
RETURNING authority_id, employer_id, ref, person_id;

-- name: load_shared_people(hashes)
-- The shared identifiers that are known among those of a group.
SELECT keyed_hash, shared_person_id FROM shared_person WHERE keyed_hash = ANY(:hashes::bytea[]);

-- name: add_shared_people(hashes)
-- New shared identifiers, under the lock of the desk.
INSERT INTO shared_person (keyed_hash)
SELECT keyed_hash FROM unnest(:hashes::bytea[]) AS n (keyed_hash) ORDER BY keyed_hash
RETURNING keyed_hash, shared_person_id;
