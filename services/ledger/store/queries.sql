-- name: get_head()^
-- The log's name and key, its size and its partial tiles.
SELECT origin, verifier_key, size, edge FROM head;

-- name: lock_head()^
-- The same, held until the transaction ends: one writer at a time.
SELECT origin, verifier_key, size, edge FROM head FOR UPDATE;

-- name: move_head(size, edge)!
-- After a batch: the new size and edge.
UPDATE head SET size = :size, edge = :edge;

-- name: create_head(origin, verifier_key)!
-- The first row of a log. Refused by the primary key where there is one.
INSERT INTO head (origin, verifier_key, size, edge) VALUES (:origin, :verifier_key, 0, '');

-- name: get_seen(event_ids)
-- Which events are entries, and what their bytes can be compared with.
SELECT e.event_id, e.commitment, k.salt
FROM entry AS e LEFT JOIN payload_key AS k USING (idx)
WHERE e.event_id = ANY(:event_ids::uuid[]);

-- name: get_tips(contract_ids)
-- Where the chains of these contracts end.
SELECT contract_id, seq, leaf_hash FROM contract_chain
WHERE contract_id = ANY(:contract_ids::text[]);

-- name: move_tips(contract_ids, seqs, leaf_hashes)!
-- After a batch: where the chains end now.
INSERT INTO contract_chain (contract_id, seq, leaf_hash)
SELECT contract_id, seq, leaf_hash
FROM unnest(:contract_ids::text[], :seqs::bigint[], :leaf_hashes::bytea[])
    AS t (contract_id, seq, leaf_hash)
ON CONFLICT (contract_id) DO UPDATE SET seq = excluded.seq, leaf_hash = excluded.leaf_hash;

-- name: add_repeats(topics, incarnations, partitions, offsets, event_ids)!
-- Offsets at which entries stood again.
INSERT INTO repeat (topic, incarnation, partition, "offset", idx)
SELECT r.topic, r.incarnation, r.partition, r."offset", e.idx
FROM unnest(:topics::text[], :incarnations::integer[], :partitions::integer[],
            :offsets::bigint[], :event_ids::uuid[])
    AS r (topic, incarnation, partition, "offset", event_id)
JOIN entry AS e USING (event_id);

-- name: get_tiles(levels, ns)
-- Full tiles of the tree, among these.
SELECT level, n, hashes FROM tile
WHERE (level, n) IN (SELECT * FROM unnest(:levels::integer[], :ns::bigint[]));

-- name: get_frontier()^
-- The tree's size, and where reading stood in every partition then: one moment.
SELECT h.size, (
    SELECT coalesce(
        jsonb_agg(jsonb_build_array(o.topic, i.incarnation, o.partition, o.next_offset)
                  ORDER BY o.topic, o.partition), '[]')
    FROM consumer_offset AS o JOIN topic_incarnation AS i USING (topic)
) AS positions
FROM head AS h;

-- name: get_newest_checkpoint()^
-- What was signed last.
SELECT size, root, note, positions, signed_at FROM checkpoint ORDER BY size DESC LIMIT 1;

-- name: get_checkpoint_over(idx)^
-- The newest checkpoint, if entry :idx is under it.
SELECT size, root, note, positions, signed_at FROM checkpoint
WHERE size > :idx ORDER BY size DESC LIMIT 1;

-- name: lock_publisher()$
-- Whether this transaction may sign; another one may not meanwhile.
SELECT pg_try_advisory_xact_lock(hashtext('ledger-publisher'));

-- name: add_checkpoint(size, root, note, positions)!
-- What is signed now.
INSERT INTO checkpoint (size, root, note, positions)
VALUES (:size, :root, :note, :positions);

-- name: get_leaves(first, last)
-- Entries :first to :last, for a bundle.
SELECT leaf FROM entry WHERE idx BETWEEN :first AND :last ORDER BY idx;

-- name: get_contents(first, last)
-- Entries :first to :last with their encrypted events, for bundles.
SELECT idx, leaf, ciphertext FROM entry WHERE idx BETWEEN :first AND :last ORDER BY idx;

-- name: get_entry(idx)^
-- One entry, whose it is, and its event as far as it is kept.
SELECT e.idx, e.leaf, e.leaf_hash, l.authority_id, l.party_id, l.event_id,
    e.commitment, e.ciphertext, k.salt, k.key, k.nonce
FROM entry AS e
JOIN entry_index AS l USING (idx)
LEFT JOIN payload_key AS k USING (idx)
WHERE e.idx = :idx;

-- name: get_index(event_id)$
-- Which entry an event is.
SELECT idx FROM entry WHERE event_id = :event_id;

-- name: walk_in_order()!
-- For the two lists below: from entry to entry along an index, however many there are. A sort of
-- all that fits would cost what history costs.
SELECT set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true);

-- name: entries(after, count, authorities, party, contract, commitment, type, period, until)
-- Entries behind :after that a caller may see, narrowed down; in the order of recording.
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

-- name: occurrences(at, after, until, count, authorities, party, contract, commitment, type, period)
-- The same from one time to another; in the order in which what they record occurred.
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

-- name: life(return_id, authorities, party, count)
-- One return's life: what says its id, and what that caused, on its own contract. Topics are read
-- side by side, so that a check may be recorded before the return that it judges.
WITH RECURSIVE received AS (
    SELECT authority_id, contract_id FROM entry_index
    WHERE type = 'ReturnReceived' AND return_id = :return_id
        AND authority_id = ANY(:authorities::text[])
        AND (:party::text IS NULL OR party_id = :party)
), beside AS MATERIALIZED (
    SELECT l.idx, l.event_id, l.caused_by, l.return_id
    FROM received AS r JOIN entry_index AS l USING (authority_id, contract_id)
    WHERE :party::text IS NULL OR l.party_id = :party
), life AS (
    SELECT idx, event_id FROM beside WHERE return_id = :return_id
    UNION
    SELECT beside.idx, beside.event_id FROM beside JOIN life ON beside.caused_by = life.event_id
)
SELECT e.idx, e.leaf, e.leaf_hash
FROM life JOIN entry AS e USING (idx) ORDER BY idx LIMIT :count;

-- name: get_step(after, size, count, length)$
-- The last of those behind :after and under :size that are read together: not over :count, nor over
-- :length bytes of leaves and events, but for one that is longer by itself.
SELECT max(idx) FROM (
    SELECT idx, row_number() OVER w AS n,
        sum(octet_length(leaf) + octet_length(ciphertext)) OVER w AS length
    FROM (
        SELECT idx, leaf, ciphertext FROM entry
        WHERE idx > :after AND idx < :size ORDER BY idx LIMIT :count
    ) AS e
    WINDOW w AS (ORDER BY idx ROWS UNBOUNDED PRECEDING)
) AS e
WHERE n = 1 OR length <= :length;

-- name: kept_entries(after, last)
-- Entries behind :after up to :last, and what opens their events.
SELECT e.idx, e.leaf, l.event_id, l.authority_id, l.party_id,
    e.commitment, e.ciphertext, k.salt, k.key, k.nonce
FROM (
    SELECT idx, leaf, commitment, ciphertext FROM entry
    WHERE idx > :after AND idx <= :last ORDER BY idx
) AS e
JOIN entry_index AS l USING (idx)
LEFT JOIN payload_key AS k USING (idx)
ORDER BY e.idx;

-- name: listed(topics, incarnations, partitions, next_offsets)
-- Offsets that are no leaf of their own, and why, as far as reading had come.
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

-- name: everything(after, last)
-- Entries behind :after up to :last with all that lies beside them, whether it is there or not.
SELECT e.idx, e.event_id, e.leaf, e.leaf_hash,
    e.commitment, e.ciphertext, k.salt, k.key, k.nonce,
    l.idx AS listed, l.event_id AS listed_event_id, l.caused_by, l.type, l.authority_id,
    l.contract_id, l.party_id, l.period, l.return_id, l.commitment_ids, l.occurred_at
FROM (
    SELECT idx, event_id, leaf, leaf_hash, commitment, ciphertext FROM entry
    WHERE idx > :after AND idx <= :last ORDER BY idx
) AS e
LEFT JOIN payload_key AS k USING (idx)
LEFT JOIN entry_index AS l USING (idx)
ORDER BY e.idx;

-- name: checkpoints(over, count)
-- Checkpoints of more than :over entries, in order.
SELECT size, root, note, positions, signed_at FROM checkpoint
WHERE size > :over ORDER BY size LIMIT :count;

-- name: chains()
-- Where every contract's chain is said to end.
SELECT contract_id, seq, leaf_hash FROM contract_chain;

-- name: count_beside()^
-- How many rows there are of what comes with entries.
SELECT (SELECT count(*) FROM tile) AS tiles,
    (SELECT count(*) FROM entry_index) AS listings;

-- name: count_listed()
-- Offsets of each stream that are no leaf of their own, and where reading stands in it now.
SELECT o.topic, i.incarnation, o.partition, o.next_offset, (
    SELECT count(*) FROM repeat AS r
    WHERE (r.topic, r.incarnation, r.partition) = (o.topic, i.incarnation, o.partition)
) + (
    SELECT count(*) FROM passed_day AS d
    WHERE (d.topic, d.incarnation, d.partition) = (o.topic, i.incarnation, o.partition)
) + (
    SELECT count(*) FROM parked AS p
    WHERE (p.topic, p.incarnation, p.partition) = (o.topic, i.incarnation, o.partition)
) + (
    SELECT coalesce(sum(h.next_offset - h.first_offset), 0)::bigint FROM consumer_hole AS h
    WHERE (h.topic, h.incarnation, h.partition) = (o.topic, i.incarnation, o.partition)
) AS listed
FROM consumer_offset AS o JOIN topic_incarnation AS i USING (topic)
ORDER BY o.topic, o.partition;
