-- What fsck compares: every entry and all that belongs to it.
-- `checking.py` has one function for each query.

-- name: list_everything(after, last)
-- Entries after :after up to :last with all that belongs to them, also where some of it is missing.
SELECT e.idx, e.event_id, e.leaf, e.leaf_hash,
    e.commitment, e.ciphertext, k.salt, k.key, k.nonce,
    l.idx AS listed, l.event_id AS listed_event_id, l.caused_by, l.type, l.authority_id,
    l.contract_id, l.party_id, l.period, l.return_id, l.commitment_ids, l.occurred_at,
    l.receipt_no
FROM (
    SELECT idx, event_id, leaf, leaf_hash, commitment, ciphertext FROM entry
    WHERE idx > :after AND idx <= :last ORDER BY idx
) AS e
LEFT JOIN payload_key AS k USING (idx)
LEFT JOIN entry_index AS l USING (idx)
ORDER BY e.idx;

-- name: list_checkpoints(over, count)
-- Checkpoints of more than :over entries, in order.
SELECT size, root, note, next_offsets, signed_at FROM checkpoint
WHERE size > :over ORDER BY size LIMIT :count;

-- name: load_tips()
-- The stored end of every contract's chain.
SELECT contract_id, seq, leaf_hash, authority_id FROM contract_chain;

-- name: count_rows()^
-- How many rows there are of what comes with entries.
SELECT (SELECT count(*) FROM tile) AS tiles,
    (SELECT count(*) FROM entry_index) AS index_rows;

-- name: list_marked()
-- What is listed of offsets, with all that its mark says. A repeat of no entry has no event.
SELECT 'repeat' AS why, r.topic, r.incarnation, r.partition, r."offset" AS first,
    r."offset" + 1 AS next, e.event_id, e.commitment, NULL::date AS day, r.mark
FROM repeat AS r LEFT JOIN entry AS e USING (idx)
UNION ALL
SELECT 'day', topic, incarnation, partition, "offset", "offset" + 1, NULL, NULL, day, mark
FROM passed_day
UNION ALL
SELECT 'hole', topic, incarnation, partition, first_offset, next_offset, NULL, NULL, NULL, mark
FROM consumer_hole
ORDER BY topic, incarnation, partition, first;

-- name: list_parked()
-- Records that are parked, as they were sealed.
SELECT topic, incarnation, partition, "offset", salt, sealed FROM parked
ORDER BY topic, incarnation, partition, "offset";

-- name: count_offsets(beside)
-- The next offset of each stream, and how many offsets are no leaf of their own; of topics that are
-- :beside the log none.
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
WHERE o.topic <> ALL(:beside::text[])
ORDER BY o.topic, o.partition;
