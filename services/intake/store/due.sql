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
SELECT a.contract_id, a.party_id, a.period, a.return_id, a.receipt_no, a.revision, a.received_at,
    f.filled_at, coalesce(w.withdrawn_at, f.emptied_at) AS withdrawn_at,
    w.return_id IS NOT NULL AS is_withdrawn
FROM accepted_return AS a
JOIN filled AS f USING (return_id)
LEFT JOIN withdrawal AS w USING (return_id)
WHERE a.contract_id = ANY(:contract_ids::text[])
    AND (:party_id::text IS NULL OR a.party_id = :party_id)
    AND NOT EXISTS (
        SELECT FROM accepted_return AS n
        WHERE (n.contract_id, n.party_id, n.period, n.revision)
            = (a.contract_id, a.party_id, a.period, a.revision + 1)
    );
