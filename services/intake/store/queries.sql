-- Each query of the service, with its purpose. `store.py` has one function for each.

-- name: lock_desk()^
-- Locks the desk for a group of acceptances; read committed, so the row is the newest.
SELECT receipt_no, day_ended, stands_at FROM desk FOR UPDATE;

-- name: open_desk(day_before, at)!
-- The day of installation: days end from it on.
INSERT INTO desk (receipt_no, day_ended, stands_at) VALUES (0, :day_before, :at)
ON CONFLICT ON CONSTRAINT desk_pk DO NOTHING;

-- name: leave_desk(receipt_no, at)!
-- Where the desk stands after a group.
UPDATE desk SET receipt_no = :receipt_no, stands_at = :at;

-- name: end_day(day, at)!
-- A day has ended; nothing is accepted in it any more.
UPDATE desk SET day_ended = :day, stands_at = greatest(stands_at, :at);

-- name: stands_at()$
-- The time that the desk has come to; none before the installation.
SELECT stands_at FROM desk;

-- name: contract_bodies(contract_ids)
-- Contracts whose version in memory is not the newest.
SELECT contract_id, version, body FROM contract WHERE contract_id = ANY(:contract_ids::text[]);

-- name: apply_contracts(contract_ids, versions, bodies)!
-- Contracts as published, where newer than what is known here.
INSERT INTO contract (contract_id, version, body)
SELECT contract_id, version, body
FROM unnest(:contract_ids::text[], :versions::integer[], :bodies::bytea[])
    AS n (contract_id, version, body)
ORDER BY contract_id
ON CONFLICT ON CONSTRAINT contract_pk DO UPDATE SET version = excluded.version, body = excluded.body
WHERE contract.version < excluded.version;

-- name: known(contract_ids, party_ids, periods, keys, digests)
-- What the desk must know of each submission of a group, in its order: its contract's version, its
-- month's current revision, and the return that it was before, by its key and by its bytes.
SELECT
    (SELECT c.version FROM contract AS c WHERE c.contract_id = w.contract_id) AS version,
    r.revision, r.return_id,
    (
        SELECT i.return_id FROM idempotency AS i WHERE i.party_id = w.party_id AND i.key = w.key
    ) AS by_key,
    (
        SELECT a.return_id FROM accepted_return AS a
        WHERE a.party_id = w.party_id AND a.sha256 = w.sha256
    ) AS by_bytes
FROM unnest(
    :contract_ids::text[], :party_ids::text[], :periods::text[], :keys::text[], :digests::bytea[]
) WITH ORDINALITY AS w (contract_id, party_id, period, key, sha256, place)
LEFT JOIN LATERAL (
    SELECT a.revision, a.return_id FROM accepted_return AS a
    WHERE a.contract_id = w.contract_id AND a.party_id = w.party_id AND a.period = w.period
    ORDER BY a.revision DESC LIMIT 1
) AS r ON true
ORDER BY w.place;

-- name: receipts(return_ids)
-- Receipts of returns that came before.
SELECT return_id, receipt_no, contract_id, party_id, period, revision, sha256, salt, received_at,
    merge_by, signature, public_key
FROM accepted_return WHERE return_id = ANY(:return_ids::uuid[]);

-- name: keep_refusals(refused_at, event_ids, party_ids, contract_ids, routes, rules, faults)!
-- That submissions were refused.
INSERT INTO refusal (event_id, party_id, contract_id, route, rules, faults, refused_at)
SELECT event_id, party_id, contract_id, route, string_to_array(rules, ' '), faults, :refused_at
FROM unnest(
    :event_ids::uuid[], :party_ids::text[], :contract_ids::text[], :routes::text[], :rules::text[],
    :faults::integer[]
) AS n (event_id, party_id, contract_id, route, rules, faults);

-- name: people(authority_ids, employer_ids, refs)
-- Known people among those that a group refers to.
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

-- name: shared_people(hashes)
-- Known shared identifiers among those that a group gives.
SELECT keyed_hash, shared_person_id FROM shared_person WHERE keyed_hash = ANY(:hashes::bytea[]);

-- name: add_shared_people(hashes)
-- New shared identifiers, under the lock of the desk.
INSERT INTO shared_person (keyed_hash)
SELECT keyed_hash FROM unnest(:hashes::bytea[]) AS n (keyed_hash) ORDER BY keyed_hash
RETURNING keyed_hash, shared_person_id;

-- name: return_to_withdraw(return_id, party_id)^
-- A party's own return, whether it is the current revision, and its withdrawal if there is one.
SELECT a.return_id, a.receipt_no, a.authority_id, a.contract_id, a.party_id, a.period, a.revision,
    a.sha256, a.salt, w.receipt_no AS withdrawal_no, w.reason, w.withdrawn_at, w.merge_by,
    w.signature, w.public_key,
    NOT EXISTS (
        SELECT FROM accepted_return AS n
        WHERE (n.contract_id, n.party_id, n.period, n.revision)
            = (a.contract_id, a.party_id, a.period, a.revision + 1)
    ) AS is_current
FROM accepted_return AS a LEFT JOIN withdrawal AS w USING (return_id)
WHERE a.return_id = :return_id AND a.party_id = :party_id;

-- name: keep_withdrawal(return_id, event_id, receipt_no, reason, withdrawn_at, merge_by, signature, public_key)!
-- A withdrawal with its receipt.
INSERT INTO withdrawal (
    return_id, event_id, receipt_no, reason, withdrawn_at, merge_by, signature, public_key
) VALUES (
    :return_id, :event_id, :receipt_no, :reason, :withdrawn_at, :merge_by, :signature, :public_key
);

-- name: returns(party_id, authority_id, contract_id, before, rows)
-- Returns that a caller may see, newest first, before a cursor.
SELECT a.return_id, a.receipt_no, a.contract_id, a.party_id, a.period, a.revision, a.received_at,
    w.withdrawn_at, e.index AS entry
FROM accepted_return AS a
LEFT JOIN withdrawal AS w USING (return_id)
LEFT JOIN entry AS e ON e.event_id = a.return_id
WHERE (:party_id::text IS NULL OR a.party_id = :party_id)
    AND (:authority_id::text IS NULL OR a.authority_id = :authority_id)
    AND (:contract_id::text IS NULL OR a.contract_id = :contract_id)
    AND (:before::bigint IS NULL OR a.receipt_no < :before)
ORDER BY a.receipt_no DESC
LIMIT :rows;

-- name: one_return(return_id, party_id, authority_id)^
-- A return that a caller may see, with its bytes and receipts.
SELECT a.return_id, a.receipt_no, a.authority_id, a.contract_id, a.party_id, a.period, a.revision,
    a.supersedes, a.body, a.sha256, a.salt, a.received_at, a.merge_by, a.signature, a.public_key,
    w.receipt_no AS withdrawal_no, w.reason, w.withdrawn_at, e.index AS entry,
    we.index AS withdrawal_entry,
    (
        SELECT n.return_id FROM accepted_return AS n
        WHERE (n.contract_id, n.party_id, n.period, n.revision)
            = (a.contract_id, a.party_id, a.period, a.revision + 1)
    ) AS superseded_by,
    EXISTS (SELECT FROM last_said AS s WHERE s.return_id = a.return_id) AS is_checked
FROM accepted_return AS a
LEFT JOIN withdrawal AS w USING (return_id)
LEFT JOIN entry AS e ON e.event_id = a.return_id
LEFT JOIN entry AS we ON we.event_id = w.event_id
WHERE a.return_id = :return_id
    AND (:party_id::text IS NULL OR a.party_id = :party_id)
    AND (:authority_id::text IS NULL OR a.authority_id = :authority_id);

-- name: line_statuses(return_id)
-- What verification last said of a return's lines, and as which entry that was recorded.
SELECT l.key AS line_id, l.value::text AS said, e.index AS entry
FROM last_said AS s
CROSS JOIN jsonb_each(s.lines) AS l
LEFT JOIN entry AS e ON e.event_id = (l.value ->> 0)::uuid
WHERE s.return_id = :return_id;

-- name: apply_statuses(return_ids, lines)!
-- Newer words on lines, by return; what was said last of each line stands.
INSERT INTO last_said (return_id, lines)
SELECT return_id, lines::jsonb
FROM unnest(:return_ids::uuid[], :lines::text[]) AS n (return_id, lines)
ORDER BY return_id
ON CONFLICT ON CONSTRAINT last_said_pk DO UPDATE SET lines = last_said.lines || excluded.lines;

-- name: apply_entries(event_ids, indexes)!
-- Which events became which entries.
INSERT INTO entry (event_id, index)
SELECT event_id, index FROM unnest(:event_ids::uuid[], :indexes::bigint[]) AS n (event_id, index)
ORDER BY event_id
ON CONFLICT DO NOTHING;

-- name: inbound_topics(topics)
-- Whose the inbound topics are.
SELECT topic, party_id, authority_id FROM inbound_topic WHERE topic = ANY(:topics::text[]);

-- name: keep_inbound_topic(topic, party_id, authority_id)!
-- A party's inbound topic.
INSERT INTO inbound_topic (topic, party_id, authority_id)
VALUES (:topic, :party_id, :authority_id)
ON CONFLICT DO NOTHING;

-- name: credentials(party_id, authority_id)
-- Who holds tokens of a party, and since when; never the tokens.
SELECT actor_id, created_at, revoked_at FROM token
WHERE party_id = :party_id AND authority_id = :authority_id
ORDER BY created_at;

-- name: outbox_age_seconds()$
-- How long the oldest message has waited for the broker; 0 where none waits.
SELECT coalesce(extract(epoch FROM now() - min(since)), 0)::float8 FROM outbox_unsent;
