-- The desk's row, what is known before a group is decided, and what is stored of it. `desk.py` has
-- the functions.

-- name: lock_desk()^
-- Locks the desk for a group. Read committed: the row is the newest.
SELECT receipt_no, day_ended, latest_at FROM desk FOR UPDATE;

-- name: add_desk(day_before, at)!
-- Installs the desk; days end from the day of installation on.
INSERT INTO desk (receipt_no, day_ended, latest_at) VALUES (0, :day_before, :at)
ON CONFLICT ON CONSTRAINT desk_pk DO NOTHING;

-- name: set_receipt_no(receipt_no, at)!
-- The last receipt number after a group, and when it was issued.
UPDATE desk SET receipt_no = :receipt_no, latest_at = :at;

-- name: set_day_ended(day, at)!
-- A day has ended: nothing is accepted in it any more.
UPDATE desk SET day_ended = :day, latest_at = greatest(latest_at, :at);

-- name: find_latest_at()$
-- The latest time that the desk has used; no row before the installation.
SELECT latest_at FROM desk;

-- name: load_known(contract_ids, party_ids, periods, keys, authority_ids, digests)
-- What is known about each submission of a group, in the order of the group: what said last what its
-- contract is, the current revision of its month, and the return that came before under the same key
-- or with the same bytes. A key is for one authority: the sender's, or if that is not told, the
-- contract's.
SELECT c.event_id AS contract_event, r.revision, r.return_id,
    (
        SELECT i.return_id FROM idempotency AS i
        WHERE i.party_id = w.party_id AND i.key = w.key
            AND i.authority_id = coalesce(w.authority_id, c.authority_id)
    ) AS by_key,
    (
        SELECT a.return_id FROM accepted_return AS a
        WHERE a.party_id = w.party_id AND a.sha256 = w.sha256
    ) AS by_bytes
FROM unnest(
    :contract_ids::text[], :party_ids::text[], :periods::text[], :keys::text[],
    :authority_ids::text[], :digests::bytea[]
) WITH ORDINALITY AS w (contract_id, party_id, period, key, authority_id, sha256, number)
LEFT JOIN LATERAL (
    SELECT each.event_id, each.authority_id FROM contract AS each
    WHERE each.contract_id = w.contract_id LIMIT 1
) AS c ON true
LEFT JOIN LATERAL (
    SELECT a.revision, a.return_id FROM accepted_return AS a
    WHERE a.contract_id = w.contract_id AND a.party_id = w.party_id AND a.period = w.period
    ORDER BY a.revision DESC LIMIT 1
) AS r ON true
ORDER BY w.number;

-- name: load_receipts(return_ids)
-- The receipts of returns that came before.
SELECT return_id, receipt_no, contract_id, party_id, period, revision, sha256, salt, received_at,
    merge_by, signature, public_key
FROM accepted_return WHERE return_id = ANY(:return_ids::uuid[]);

-- name: load_contracts(contract_ids)
-- Contracts that memory does not hold as they were said last.
SELECT contract_id, event_id, version, body FROM contract WHERE contract_id = ANY(:contract_ids::text[]);

-- name: count_told(party_ids, since)
-- How many refusals of these parties were told by themselves since then.
SELECT party_id, count(*) AS told FROM refusal
WHERE is_told AND party_id = ANY(:party_ids::text[]) AND refused_at >= :since
GROUP BY party_id;

-- name: add_refusals(refused_at, event_ids, authority_ids, party_ids, contract_ids, periods, routes, rules, faults, details, told)!
-- That submissions were refused. What was wrong with those that are told by themselves is kept.
INSERT INTO refusal (event_id, authority_id, party_id, contract_id, period, route, rules, faults,
    refused_at, is_told, details)
SELECT event_id, authority_id, party_id, contract_id, period, route, string_to_array(rules, ' '),
    faults, :refused_at, event_id = ANY(:told::uuid[]),
    CASE WHEN event_id = ANY(:told::uuid[]) THEN details::jsonb ELSE '[]' END
FROM unnest(
    :event_ids::uuid[], :authority_ids::text[], :party_ids::text[], :contract_ids::text[],
    :periods::text[], :routes::text[], :rules::text[], :faults::integer[], :details::text[]
) AS n (event_id, authority_id, party_id, contract_id, period, route, rules, faults, details);

-- name: add_refused_together(event_id, authority_id, party_id, route, rules, faults, count, refused_at)!
-- The refusals of a party and day that were not told by themselves, as one, at the time of the last.
INSERT INTO refusal (event_id, authority_id, party_id, route, rules, faults, count, refused_at)
VALUES (:event_id, :authority_id, :party_id, :route, :rules, :faults, :count, :refused_at);

-- name: list_untold(since, until)
-- The refusals of a day that were not told by themselves, by authority, party and route.
WITH untold AS (
    SELECT event_id, authority_id, party_id, route, rules, faults, refused_at FROM refusal
    WHERE NOT is_told AND refused_at >= :since AND refused_at < :until
)
SELECT u.authority_id, u.party_id, u.route, (
        SELECT array_agg(DISTINCT r ORDER BY r) FROM untold AS o CROSS JOIN unnest(o.rules) AS r
        WHERE (o.authority_id, o.party_id, o.route) = (u.authority_id, u.party_id, u.route)
    ) AS rules,
    least(sum(u.faults), 2147483647)::integer AS faults, count(*) AS refusals,
    max(u.refused_at) AS last_at,
    sha256(string_agg(uuid_send(u.event_id), ''::bytea ORDER BY u.event_id)) AS digest
FROM untold AS u
GROUP BY u.authority_id, u.party_id, u.route
ORDER BY u.authority_id, u.party_id, u.route;
