-- What a search finds exactly. `search.py` has one function for each query.

-- name: list_hits(number, id, digest, authorities, party, count)
-- Entries that the caller may see, by their number or that of their receipt, by the id of their event or
-- of the return that they record, by their hash or their leaf's commitment to the event.
WITH hit AS (
    SELECT 'entry' AS kind, idx FROM entry WHERE idx = :number::bigint
    UNION ALL SELECT 'receipt', idx FROM entry_index WHERE receipt_no = :number::bigint
    UNION ALL SELECT 'event', idx FROM entry WHERE event_id = :id::uuid
    UNION ALL SELECT 'return', idx FROM entry_index
        WHERE type = 'ReturnReceived' AND return_id = :id::uuid
    UNION ALL SELECT 'hash', idx FROM entry WHERE leaf_hash = :digest::bytea
    UNION ALL SELECT 'commitment', idx FROM entry WHERE commitment = :digest::bytea
)
SELECT hit.kind, e.idx, l.return_id, e.leaf
FROM hit JOIN entry_index AS l USING (idx) JOIN entry AS e USING (idx)
WHERE l.authority_id = ANY(:authorities::text[]) AND (:party::text IS NULL OR l.party_id = :party)
ORDER BY hit.kind, e.idx LIMIT :count;
