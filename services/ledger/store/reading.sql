-- What callers read of the log. `reading.py` has one function for each query.

-- name: find_entry(idx)^
-- One entry, whose it is, and what opens its event.
SELECT e.idx, e.leaf, e.leaf_hash, l.authority_id, l.party_id, l.event_id,
    e.commitment, e.ciphertext, k.salt, k.key, k.nonce
FROM entry AS e
JOIN entry_index AS l USING (idx)
LEFT JOIN payload_key AS k USING (idx)
WHERE e.idx = :idx;

-- name: find_index(event_id)$
-- The index of the entry that records an event.
SELECT idx FROM entry WHERE event_id = :event_id;

-- name: list_receipts(receipt_no, count)
-- The entries that keep a receipt of this number: one, unless intake gave a number twice.
SELECT idx FROM entry_index WHERE receipt_no = :receipt_no ORDER BY idx LIMIT :count;

-- name: walk_in_order()!
-- For the two lists below: lets the planner only walk along an index, from entry to entry. To sort
-- all entries that match would cost more as the log grows.
SELECT set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true);

-- name: list_entries(after, count, authorities, party, contract, commitment, type, period, until)
-- Entries after :after that the caller may see, narrowed down, in the order of recording.
SELECT e.idx, e.leaf, e.leaf_hash
FROM (
    SELECT l.idx
    FROM unnest(:authorities::text[]) AS a (authority_id) CROSS JOIN LATERAL (
        SELECT idx FROM entry_index
        WHERE authority_id = a.authority_id AND idx > :after
            AND (:party::text IS NULL OR party_id = :party)
            AND (:contract::text IS NULL OR contract_id = :contract)
            AND (:commitment::text IS NULL
                OR :commitment = ANY(string_to_array(commitment_ids, ' ')))
            AND (:type::text IS NULL OR type = :type)
            AND (:period::text IS NULL OR period = :period)
            AND (:until::timestamptz IS NULL OR occurred_at < :until)
        ORDER BY idx LIMIT :count
    ) AS l
    ORDER BY l.idx LIMIT :count
) AS found JOIN entry AS e USING (idx)
ORDER BY e.idx;

-- name: list_occurrences(at, after, until, count, authorities, party, contract, commitment, type, period)
-- The same after a time and an index, in the order of occurrence.
SELECT e.idx, e.leaf, e.leaf_hash, found.occurred_at
FROM (
    SELECT l.idx, l.occurred_at
    FROM unnest(:authorities::text[]) AS a (authority_id) CROSS JOIN LATERAL (
        SELECT idx, occurred_at FROM entry_index
        WHERE authority_id = a.authority_id AND (occurred_at, idx) > (:at, :after)
            AND (:party::text IS NULL OR party_id = :party)
            AND (:contract::text IS NULL OR contract_id = :contract)
            AND (:commitment::text IS NULL
                OR :commitment = ANY(string_to_array(commitment_ids, ' ')))
            AND (:type::text IS NULL OR type = :type)
            AND (:period::text IS NULL OR period = :period)
            AND (:until::timestamptz IS NULL OR occurred_at < :until)
        ORDER BY occurred_at, idx LIMIT :count
    ) AS l
    ORDER BY l.occurred_at, l.idx LIMIT :count
) AS found JOIN entry AS e USING (idx)
ORDER BY found.occurred_at, e.idx;

-- name: list_life(return_id, authorities, party, count)
-- One return's life: the entries that name it, and what those caused, on its own contract; and the
-- revisions that have taken its place. Topics are read concurrently, so a check may be recorded before
-- its return.
WITH RECURSIVE received AS (
    SELECT idx, authority_id, contract_id, party_id, period FROM entry_index
    WHERE type = 'ReturnReceived' AND return_id = :return_id
        AND authority_id = ANY(:authorities::text[])
        AND (:party::text IS NULL OR party_id = :party)
), nearby AS MATERIALIZED (
    SELECT l.idx, l.event_id, l.caused_by, l.return_id,
        l.type = 'ReturnReceived' AND (l.party_id, l.period) = (r.party_id, r.period)
            AND l.idx > r.idx AS is_later
    FROM received AS r JOIN entry_index AS l USING (authority_id, contract_id)
    WHERE :party::text IS NULL OR l.party_id = :party
), life AS (
    SELECT idx, event_id FROM nearby WHERE return_id = :return_id
    UNION
    SELECT nearby.idx, nearby.event_id FROM nearby JOIN life ON nearby.caused_by = life.event_id
), shown AS (
    SELECT idx FROM life UNION SELECT idx FROM nearby WHERE is_later
)
SELECT e.idx, e.leaf, e.leaf_hash
FROM shown JOIN entry AS e USING (idx) ORDER BY idx LIMIT :count;

-- name: list_returns(contract, authorities, party, after, until, reminders, months, count)
-- What entries tell of a contract's returns, in the first :months months after :after.
WITH told AS MATERIALIZED (
    SELECT l.idx, l.type, l.party_id, l.period, l.occurred_at
    FROM entry_index AS l JOIN entry AS e USING (idx)
    WHERE l.contract_id = :contract AND l.authority_id = ANY(:authorities::text[])
        AND (:party::text IS NULL OR l.party_id = :party) AND l.party_id IS NOT NULL
        AND l.period > :after AND (:until::timestamptz IS NULL OR l.occurred_at < :until)
        AND (l.type IN ('ReturnReceived', 'ReturnWithdrawn')
            OR l.type = 'AlertRaised' AND convert_from(e.leaf, 'UTF8')::jsonb #>> '{facts,kind}'
                = ANY(:reminders::text[]))
), shown AS (
    SELECT DISTINCT period FROM told ORDER BY period LIMIT :months
)
SELECT told.*, e.leaf FROM shown JOIN told USING (period) JOIN entry AS e USING (idx)
ORDER BY period, idx LIMIT :count;

-- name: list_stored(after, last)
-- Entries after :after up to :last, and what opens their events.
SELECT e.idx, e.leaf, l.event_id, l.authority_id, l.party_id,
    e.commitment, e.ciphertext, k.salt, k.key, k.nonce
FROM (
    SELECT idx, leaf, commitment, ciphertext FROM entry
    WHERE idx > :after AND idx <= :last ORDER BY idx
) AS e
JOIN entry_index AS l USING (idx)
LEFT JOIN payload_key AS k USING (idx)
ORDER BY e.idx;

-- name: list_offsets(topics, incarnations, partitions, next_offsets)
-- Offsets below these next offsets that are no leaf of their own, and why.
WITH reach AS (
    SELECT * FROM unnest(:topics::text[], :incarnations::integer[], :partitions::integer[],
                         :next_offsets::bigint[])
        AS r (topic, incarnation, partition, next_offset)
), listed AS (
    SELECT r.topic, r.incarnation, r.partition, r."offset" AS first, r."offset" + 1 AS next,
        'repeat' AS why, e.event_id
    FROM repeat AS r JOIN entry AS e USING (idx)
    UNION ALL
    SELECT topic, incarnation, partition, "offset", "offset" + 1, 'day', NULL FROM passed_day
    UNION ALL
    SELECT topic, incarnation, partition, "offset", "offset" + 1, 'parked', NULL FROM parked
    UNION ALL
    SELECT topic, incarnation, partition, first_offset, next_offset, 'hole', NULL
    FROM consumer_hole
)
SELECT l.topic, l.incarnation, l.partition, l.first, l.next, l.why, l.event_id
FROM listed AS l JOIN reach AS r USING (topic, partition)
WHERE (l.incarnation, l.next) <= (r.incarnation, r.next_offset)
ORDER BY l.topic, l.incarnation, l.partition, l.first;
