-- What things on a page are called. `names.py` has the function.

-- name: load_names(authorities, contract_ids, officer_ids)
-- The words of contracts, the titles of their commitments (as the newest version has them), and the
-- names of officers.
SELECT 'contract' AS kind, contract_id AS id, NULL AS part, words, NULL AS said
FROM contract
WHERE contract_id = ANY(:contract_ids::text[]) AND authority_id = ANY(:authorities::text[])
UNION ALL (
    SELECT DISTINCT ON (m.contract_id, m.commitment_id) 'commitment', m.contract_id,
        m.commitment_id, NULL, m.title
    FROM commitment AS m JOIN contract AS c USING (contract_id)
    WHERE m.contract_id = ANY(:contract_ids::text[]) AND c.authority_id = ANY(:authorities::text[])
    ORDER BY m.contract_id, m.commitment_id, m.version DESC
)
UNION ALL
SELECT 'officer', officer_id, NULL, NULL, name
FROM officer
WHERE officer_id = ANY(:officer_ids::text[]) AND authority_id = ANY(:authorities::text[])
    AND name IS NOT NULL;
