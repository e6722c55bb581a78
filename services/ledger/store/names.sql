-- What things on a page are called. `names.py` has the functions.

-- name: load_names(authorities, contract_ids, officer_ids)
-- Of contracts their names with those of suppliers and commitments, of officers their names.
SELECT 'contract' AS kind, contract_id AS id, names::text AS said
FROM contract_names
WHERE contract_id = ANY(:contract_ids::text[]) AND authority_id = ANY(:authorities::text[])
UNION ALL
SELECT 'officer', officer_id, name
FROM officer
WHERE officer_id = ANY(:officer_ids::text[]) AND authority_id = ANY(:authorities::text[])
    AND name IS NOT NULL;

-- name: load_owners(contract_ids)
-- Whose contracts these are: as the log says, else as they were named.
SELECT DISTINCT ON (contract_id) contract_id, authority_id
FROM (
    SELECT contract_id, authority_id, 1 AS place FROM contract_chain
    WHERE contract_id = ANY(:contract_ids::text[]) AND authority_id IS NOT NULL
    UNION ALL
    SELECT contract_id, authority_id, 2 FROM contract_names
    WHERE contract_id = ANY(:contract_ids::text[])
) AS known
ORDER BY contract_id, place;

-- name: apply_contracts(contract_ids, authority_ids, names, moments)!
-- The names that were said last.
INSERT INTO contract_names AS c (contract_id, authority_id, names, said_at)
SELECT contract_id, authority_id, names::jsonb, said_at
FROM unnest(:contract_ids::text[], :authority_ids::text[], :names::text[], :moments::timestamptz[])
    AS n (contract_id, authority_id, names, said_at)
ON CONFLICT ON CONSTRAINT contract_names_pk DO UPDATE SET
    authority_id = excluded.authority_id, names = excluded.names, said_at = excluded.said_at
WHERE c.said_at <= excluded.said_at;
