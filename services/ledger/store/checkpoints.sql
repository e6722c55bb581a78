-- What is signed and published. `checkpoints.py` has one function for each query.

-- name: find_frontier(beside)^
-- The tree's size, and the next offset of every partition at the same moment; of topics that are
-- :beside the log none.
SELECT h.size, (
    SELECT coalesce(
        jsonb_agg(jsonb_build_array(o.topic, i.incarnation, o.partition, o.next_offset)
                  ORDER BY o.topic, o.partition), '[]')
    FROM consumer_offset AS o JOIN topic_incarnation AS i USING (topic)
    WHERE o.topic <> ALL(:beside::text[])
) AS next_offsets
FROM head AS h;

-- name: find_newest()^
-- The newest checkpoint.
SELECT size, root, note, next_offsets, signed_at FROM checkpoint ORDER BY size DESC LIMIT 1;

-- name: find_over(idx)^
-- The newest checkpoint, if it covers entry :idx.
SELECT size, root, note, next_offsets, signed_at FROM checkpoint
WHERE size > :idx ORDER BY size DESC LIMIT 1;

-- name: find_cover(idx)^
-- The log's key, and whether a checkpoint covers entry :idx.
SELECT verifier_key, EXISTS (SELECT FROM checkpoint WHERE size > :idx) AS is_covered FROM head;

-- name: list_signed(sizes, count)
-- The newest :count checkpoints, and those of these sizes; the largest first.
SELECT size, root, note, next_offsets, signed_at FROM checkpoint
WHERE size = ANY(:sizes::bigint[]) OR size IN (
    SELECT size FROM checkpoint ORDER BY size DESC LIMIT :count
)
ORDER BY size DESC;

-- name: find_root(root)$
-- The size of the checkpoint with this root.
SELECT size FROM checkpoint WHERE root = :root;

-- name: lock_publisher()$
-- Whether this transaction may sign. Until it ends, no other may.
SELECT pg_try_advisory_xact_lock(hashtext('ledger-publisher'));

-- name: add_checkpoint(size, root, note, next_offsets)!
-- A checkpoint that is signed now.
INSERT INTO checkpoint (size, root, note, next_offsets)
VALUES (:size, :root, :note, :next_offsets);

-- name: list_leaves(first, last)
-- Entries :first to :last, for a bundle.
SELECT leaf FROM entry WHERE idx BETWEEN :first AND :last ORDER BY idx;

-- name: list_contents(first, last)
-- Entries :first to :last with their encrypted events, for bundles.
SELECT idx, leaf, ciphertext FROM entry WHERE idx BETWEEN :first AND :last ORDER BY idx;
