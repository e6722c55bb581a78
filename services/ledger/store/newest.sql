-- The newest entries, for pages. `newest.py` has the function.

-- name: list_newest(before, count, authorities, party, contract)
-- Entries before :before that the caller may see, the newest first.
SELECT e.idx, e.leaf, e.leaf_hash
FROM (
    SELECT l.idx
    FROM unnest(:authorities::text[]) AS a (authority_id) CROSS JOIN LATERAL (
        SELECT idx FROM entry_index
        WHERE authority_id = a.authority_id AND (:before::bigint IS NULL OR idx < :before)
            AND (:party::text IS NULL OR party_id = :party)
            AND (:contract::text IS NULL OR contract_id = :contract)
        ORDER BY idx DESC LIMIT :count
    ) AS l
    ORDER BY l.idx DESC LIMIT :count
) AS found JOIN entry AS e USING (idx)
ORDER BY e.idx DESC;
