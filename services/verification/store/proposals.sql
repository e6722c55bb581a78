-- What waits for a second person (rule P3). `proposals.py` has the functions.

-- name: list_proposals(authority_id, contract_id, after_contract, after_commitment, limit)
-- Versions that are proposed, each with the version that is in force now, from a key on.
SELECT d.contract_id, c.words AS contract_words, c.starts_on, c.ends_on, c.supplier_ids,
    d.commitment_id, d.version, d.state, d.title, d.terms, d.words, d.reason, d.proposed_by,
    d.proposed_at, d.approved_by, d.approved_at, a.title AS active_title, a.terms AS active_terms,
    a.version AS active_version
FROM commitment AS d
JOIN contract AS c USING (contract_id)
LEFT JOIN LATERAL (
    SELECT each.title, each.terms, each.version FROM commitment AS each
    WHERE each.contract_id = d.contract_id AND each.commitment_id = d.commitment_id
        AND each.state = 'active'
    ORDER BY each.version DESC LIMIT 1
) AS a ON true
WHERE d.state = 'draft' AND c.authority_id = :authority_id
    AND (:contract_id::text IS NULL OR d.contract_id = :contract_id)
    AND (d.contract_id, d.commitment_id) > (:after_contract::text, :after_commitment::text)
ORDER BY d.contract_id, d.commitment_id LIMIT :limit;

-- name: count_proposals(authority_id, contract_id, actor_id)^
-- How many there are, and how many of them this person proposed.
SELECT count(*) AS proposals, count(*) FILTER (WHERE d.proposed_by = :actor_id::text) AS own
FROM commitment AS d
JOIN contract AS c USING (contract_id)
WHERE d.state = 'draft' AND c.authority_id = :authority_id
    AND (:contract_id::text IS NULL OR d.contract_id = :contract_id);
