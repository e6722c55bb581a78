-- The newest entries, for pages. `newest.py` has one function for each query.

-- name: list_newest(before, count, authorities, party, contract, type, period)
-- Entries before :before that the caller may see, narrowed down, the newest first.
SELECT e.idx, e.leaf, e.leaf_hash
FROM (
    SELECT l.idx
    FROM unnest(:authorities::text[]) AS a (authority_id) CROSS JOIN LATERAL (
        SELECT idx FROM entry_index
        WHERE authority_id = a.authority_id AND (:before::bigint IS NULL OR idx < :before)
            AND (:party::text IS NULL OR party_id = :party)
            AND (:contract::text IS NULL OR contract_id = :contract)
            AND (:type::text IS NULL OR type = :type)
            AND (:period::text IS NULL OR period = :period)
        ORDER BY idx DESC LIMIT :count
    ) AS l
    ORDER BY l.idx DESC LIMIT :count
) AS found JOIN entry AS e USING (idx)
ORDER BY e.idx DESC;

-- name: list_latest(at, before, since, count, authorities, party, contract, type, period)
-- The same before a time and an index, and from :since on, the latest occurrence first.
SELECT e.idx, e.leaf, e.leaf_hash, found.occurred_at
FROM (
    SELECT l.idx, l.occurred_at
    FROM unnest(:authorities::text[]) AS a (authority_id) CROSS JOIN LATERAL (
        SELECT idx, occurred_at FROM entry_index
        WHERE authority_id = a.authority_id AND (occurred_at, idx) < (:at, :before)
            AND occurred_at >= :since
            AND (:party::text IS NULL OR party_id = :party)
            AND (:contract::text IS NULL OR contract_id = :contract)
            AND (:type::text IS NULL OR type = :type)
            AND (:period::text IS NULL OR period = :period)
        ORDER BY occurred_at DESC, idx DESC LIMIT :count
    ) AS l
    ORDER BY l.occurred_at DESC, l.idx DESC LIMIT :count
) AS found JOIN entry AS e USING (idx)
ORDER BY found.occurred_at DESC, e.idx DESC;
