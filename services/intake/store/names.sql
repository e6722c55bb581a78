-- What things on a page are called. `names.py` has the function.

-- name: load_names(authorities, contract_ids, officer_ids)
-- Of contracts their names with those of suppliers and commitments, of officers their names.
SELECT 'contract' AS kind, contract_id AS id, names::text AS said
FROM contract
WHERE contract_id = ANY(:contract_ids::text[]) AND authority_id = ANY(:authorities::text[])
    AND names IS NOT NULL
UNION ALL
SELECT 'officer', officer_id, name
FROM officer
WHERE officer_id = ANY(:officer_ids::text[]) AND authority_id = ANY(:authorities::text[])
    AND name IS NOT NULL;
