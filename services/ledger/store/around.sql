-- What stands around an entry. `around.py` has one function for each query.

-- name: list_around(idx, authorities, party, count)
-- The entry that caused it, those that it caused (on its own contract), and its neighbours in the chain
-- of its contract; as far as the caller may see them.
WITH own AS (
    SELECT idx, event_id, caused_by, contract_id FROM entry_index WHERE idx = :idx
), near AS (
    SELECT 'cause' AS kind, e.idx FROM own JOIN entry AS e ON e.event_id = own.caused_by
    UNION ALL (
        SELECT 'effect', l.idx FROM own JOIN entry_index AS l USING (contract_id)
        WHERE l.caused_by = own.event_id ORDER BY l.idx LIMIT :count
    )
    UNION ALL (
        SELECT 'before', l.idx FROM own JOIN entry_index AS l USING (contract_id)
        WHERE l.idx < own.idx AND l.authority_id = ANY(:authorities::text[])
        ORDER BY l.idx DESC LIMIT 1
    )
    UNION ALL (
        SELECT 'after', l.idx FROM own JOIN entry_index AS l USING (contract_id)
        WHERE l.idx > own.idx AND l.authority_id = ANY(:authorities::text[])
        ORDER BY l.idx LIMIT 1
    )
)
SELECT near.kind, e.idx, e.leaf
FROM near JOIN entry_index AS l USING (idx) JOIN entry AS e USING (idx)
WHERE l.authority_id = ANY(:authorities::text[]) AND (:party::text IS NULL OR l.party_id = :party)
ORDER BY e.idx;
