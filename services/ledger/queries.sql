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
SELECT e.event_id, p.commitment, k.salt
FROM entry AS e JOIN payload AS p USING (idx) LEFT JOIN payload_key AS k USING (idx)
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

-- name: get_entry_bundles(first, last)
-- Entries :first to :last as tlog-tiles bundles: each behind its length, a big-endian uint16.
SELECT idx / 256 AS n, count(*) AS width,
    string_agg(substring(int4send(octet_length(leaf)) FROM 3) || leaf, '' ORDER BY idx) AS bundle
FROM entry WHERE idx BETWEEN :first AND :last GROUP BY idx / 256 ORDER BY n;

-- name: get_payload_bundles(first, last)
-- The same of their encrypted events, whose length is a uint32.
SELECT idx / 256 AS n, count(*) AS width,
    string_agg(int4send(octet_length(ciphertext)) || ciphertext, '' ORDER BY idx) AS bundle
FROM payload WHERE idx BETWEEN :first AND :last GROUP BY idx / 256 ORDER BY n;

-- name: get_entry(idx)^
-- One entry and what it is looked up by.
SELECT e.idx, e.leaf, e.leaf_hash, l.authority_id, l.party_id
FROM entry AS e JOIN entry_index AS l USING (idx) WHERE e.idx = :idx;

-- name: get_index(event_id)$
-- Which entry an event is.
SELECT idx FROM entry WHERE event_id = :event_id;
