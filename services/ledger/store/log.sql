-- The log itself: its head, what a batch appends, and its tiles.
-- `log.py` has one function for each query.

-- name: find_head()^
-- The log's name and key, its size and its partial tiles.
SELECT origin, verifier_key, size, edge FROM head;

-- name: lock_head()^
-- The same, locked until the transaction ends: one writer at a time.
SELECT origin, verifier_key, size, edge FROM head FOR UPDATE;

-- name: add_head(origin, verifier_key)!
-- The head of a new log. The primary key refuses a second one.
INSERT INTO head (origin, verifier_key, size, edge) VALUES (:origin, :verifier_key, 0, '');

-- name: move_head(size, edge)!
-- After a batch: the new size and edge.
UPDATE head SET size = :size, edge = :edge;

-- name: load_seen(event_ids)
-- Which events are entries already, and what their bytes are compared with.
SELECT e.event_id, e.commitment, k.salt
FROM entry AS e LEFT JOIN payload_key AS k USING (idx)
WHERE e.event_id = ANY(:event_ids::uuid[]);

-- name: load_tips(contract_ids)
-- The ends of these contracts' chains.
SELECT contract_id, seq, leaf_hash, authority_id FROM contract_chain
WHERE contract_id = ANY(:contract_ids::text[]);

-- name: move_tips(contract_ids, seqs, leaf_hashes, authority_ids)!
-- After a batch: the new ends of the chains.
INSERT INTO contract_chain (contract_id, seq, leaf_hash, authority_id)
SELECT contract_id, seq, leaf_hash, authority_id
FROM unnest(:contract_ids::text[], :seqs::bigint[], :leaf_hashes::bytea[], :authority_ids::text[])
    AS t (contract_id, seq, leaf_hash, authority_id)
ON CONFLICT (contract_id) DO UPDATE SET
    seq = excluded.seq, leaf_hash = excluded.leaf_hash, authority_id = excluded.authority_id;

-- name: load_repeated(event_ids)
-- The entries that came again, and what their events' bytes were compared with.
SELECT event_id, idx, commitment FROM entry WHERE event_id = ANY(:event_ids::uuid[]);

-- name: load_full_tiles(levels, ns)
-- Of these tiles, the ones that are full.
SELECT level, n, hashes FROM tile
WHERE (level, n) IN (SELECT * FROM unnest(:levels::integer[], :ns::bigint[]));

-- name: find_step(after, size, count, length)$
-- The last entry of the next step: of those after :after and below :size at most :count, and at
-- most :length bytes of leaves and events, unless the first alone is longer.
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
