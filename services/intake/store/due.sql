-- What is asked for and what was sent for it. `due.py` has the functions.

-- name: list_contracts(authority_id, party_id, contract_id, from_contract, limit)
-- The contracts that the caller may see, from one on, as they were published last.
SELECT contract_id, body
FROM contract
WHERE authority_id = :authority_id
    AND (:party_id::text IS NULL OR supplier_ids @> ARRAY[:party_id::text])
    AND (:contract_id::text IS NULL OR contract_id = :contract_id)
    AND contract_id >= :from_contract
ORDER BY contract_id LIMIT :limit;

-- name: load_sent(contract_ids, party_id)
-- What was sent under these contracts, by contract, month and party: the latest revision; since when
-- the month has one without a gap (from the first revision after the last withdrawal on); and that
-- withdrawal.
SELECT c.contract_id, c.party_id, c.period, a.return_id, a.receipt_no, c.revision, a.received_at,
    coalesce(f.received_at, a.received_at) AS filled_at, w.withdrawn_at,
    c.withdrawn IS NOT DISTINCT FROM c.revision AS is_withdrawn
FROM (
    SELECT a.contract_id, a.party_id, a.period, max(a.revision) AS revision,
        max(a.revision) FILTER (WHERE w.return_id IS NOT NULL) AS withdrawn
    FROM accepted_return AS a LEFT JOIN withdrawal AS w USING (return_id)
    WHERE a.contract_id = ANY(:contract_ids::text[])
        AND (:party_id::text IS NULL OR a.party_id = :party_id)
    GROUP BY a.contract_id, a.party_id, a.period
) AS c
JOIN accepted_return AS a USING (contract_id, party_id, period, revision)
LEFT JOIN accepted_return AS f ON (f.contract_id, f.party_id, f.period, f.revision)
    = (c.contract_id, c.party_id, c.period, coalesce(c.withdrawn, 0) + 1)
LEFT JOIN accepted_return AS g ON (g.contract_id, g.party_id, g.period, g.revision)
    = (c.contract_id, c.party_id, c.period, c.withdrawn)
LEFT JOIN withdrawal AS w ON w.return_id = g.return_id;

-- name: load_filled(contract_ids, party_id)
-- The months for which a return was sent, by contract and party, and those of them whose latest
-- revision was withdrawn. From the index alone: no return is read, but for those that were withdrawn.
WITH gone AS (
    SELECT a.contract_id, a.party_id, a.period, max(a.revision) AS revision
    FROM withdrawal AS w JOIN accepted_return AS a USING (return_id)
    WHERE a.contract_id = ANY(:contract_ids::text[])
    GROUP BY a.contract_id, a.party_id, a.period
), emptied AS (
    SELECT g.contract_id, g.party_id, array_agg(g.period) AS periods
    FROM gone AS g
    WHERE NOT EXISTS (
        SELECT FROM accepted_return AS a
        WHERE (a.contract_id, a.party_id, a.period) = (g.contract_id, g.party_id, g.period)
            AND a.revision > g.revision
    )
    GROUP BY g.contract_id, g.party_id
), sent AS (
    SELECT contract_id, party_id, array_agg(DISTINCT period) AS periods
    FROM accepted_return
    WHERE contract_id = ANY(:contract_ids::text[])
        AND (:party_id::text IS NULL OR party_id = :party_id)
    GROUP BY contract_id, party_id
)
SELECT s.contract_id, s.party_id, s.periods AS sent, e.periods AS emptied
FROM sent AS s LEFT JOIN emptied AS e USING (contract_id, party_id);
